/* SPDX-License-Identifier: MIT */
#include "pack/matrix.h"

#include <assert.h>
#include <string.h>

#include "pack/quantize_fixed.h"

uint32_t db_matrix_bits(const db_model_config *config, const db_tensor *tensor, uint32_t bits)
{
    const bool in_a_layer = strncmp(tensor->name, "model.layers.", strlen("model.layers.")) == 0;
    const bool is_outer = strstr(tensor->name, "mlp.down_proj") != NULL;
    return config->architecture != DOGBERRY_TRANSFORMER || (in_a_layer && !is_outer) ? bits : 8;
}

void db_matrix_quantize(db_matrix *out, db_matrix_kind kind, const float *values, uint32_t rows, uint32_t cols,
                        const db_matrix_inputs *inputs)
{
    assert(kind.bits == 4 || kind.bits == 8);
    *out = (db_matrix){.bits = kind.bits, .rows = rows, .cols = cols};
    if (kind.bits == 8 && kind.fixed)
        db_quantize_fixed(&out->i8, values, rows, cols);
    else if (kind.bits == 8)
        db_quantize(&out->i8, values, rows, cols, inputs->importance);
    else if (kind.fixed)
        db_quantize_i4_fixed(&out->i4, values, rows, cols);
    else if (inputs->feedback)
        db_quantize_i4_feedback(&out->i4, values, rows, inputs->feedback);
    else
        db_quantize_i4_search(&out->i4, values, rows, cols, inputs->importance);
}

double db_matrix_value(const db_matrix *matrix, uint32_t r, uint32_t c)
{
    if (matrix->bits == 4)
        return db_quantized_i4_value(&matrix->i4, r, c);
    return matrix->i8.steps[r] * matrix->i8.weights[(size_t)r * matrix->i8.stride + c];
}

int db_matrix_words(const db_matrix *matrix, double factor, uint32_t *words, const char *what, db_error *error)
{
    if (matrix->bits == 4)
        return db_scale_words_i4(&matrix->i4, factor, words, what, error);
    return db_scale_words(&matrix->i8, factor, words, what, error);
}

db_image_tensor db_matrix_tensor(const db_matrix *matrix, uint8_t role, uint32_t layer, const uint32_t *words)
{
    db_image_tensor tensor = {.role = role,
                              .layer = (uint8_t)layer,
                              .type = DB_TYPE_INT8_ROWS,
                              .rows = matrix->rows,
                              .cols = matrix->cols,
                              .stride = matrix->i8.stride,
                              .data = matrix->i8.weights,
                              .scales = words};
    if (matrix->bits == 4) {
        tensor.type = DB_TYPE_INT4_ROWS;
        tensor.stride = 4 * matrix->i4.columns;
        tensor.data = matrix->i4.words;
        tensor.group_scales = matrix->i4.group_scales;
        tensor.group_scale_bytes = matrix->i4.blocks * matrix->i4.groups * DOGBERRY_I4_BLOCK;
    }
    return tensor;
}

void db_matrix_free(db_matrix *matrix)
{
    db_quantized_free(&matrix->i8);
    db_quantized_i4_free(&matrix->i4);
}
