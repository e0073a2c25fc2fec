/* SPDX-License-Identifier: MIT */
#include "boards/cost.h"

#include "boards/shape.h"

/* Columns that are multiplied: padding too. By column there is none, and none is taken to be skipped. */
static uint32_t columns_of(const dogberry_matrix *matrix)
{
    if (matrix->by_column)
        return matrix->cols;
    return matrix->bits == 4 ? matrix->stride / 4 : matrix->stride;
}

uint64_t db_rows_bytes(const dogberry_matrix *matrix, uint32_t rows)
{
    uint32_t blocks = (rows + DOGBERRY_I4_BLOCK - 1) / DOGBERRY_I4_BLOCK;
    if (matrix->by_column)
        return (uint64_t)matrix->cols * matrix->stride + 4 * (uint64_t)rows +
               (uint64_t)blocks * DOGBERRY_I4_BLOCK * matrix->groups;
    if (matrix->bits != 4)
        return (uint64_t)rows * (matrix->stride + 4);
    return (uint64_t)blocks * (matrix->stride + DOGBERRY_I4_BLOCK * (4 + matrix->groups));
}

/* `rows` of a matrix are multiplied, each sum with a bias of two bytes. */
static void add_product(db_token_cost *cost, const dogberry_matrix *matrix, uint32_t rows)
{
    uint64_t multiplied = (uint64_t)rows * columns_of(matrix);
    if (matrix->bits == 4)
        cost->weights_i4 += multiplied;
    else
        cost->weights_i8 += multiplied;
    cost->input_bytes += matrix->bits == 4 ? multiplied / DOGBERRY_I4_BLOCK : multiplied;
    cost->weights += (uint64_t)rows * matrix->cols;
    cost->image_bytes += db_rows_bytes(matrix, rows);
}

static void add_output(db_token_cost *cost, const dogberry_image *image)
{
    uint32_t rows = image->vocab;
    if (image->output == DOGBERRY_FACTORED) {
        rows = image->factored.largest;
        add_product(cost, &image->factored.matrix, image->classes);
        cost->logits += image->classes;
    }
    add_product(cost, &image->output_matrix, rows);
    cost->logits += rows;
    cost->image_bytes += 2 * cost->logits;
}

static void add_recurrent(db_token_cost *cost, const dogberry_image *image, uint32_t layer)
{
    const dogberry_matrix *input = &image->layer[layer].input, *recurrent = &image->layer[layer].recurrent;
    add_product(cost, input, input->rows);
    add_product(cost, recurrent, recurrent->rows);
    cost->rows += (uint64_t)input->rows + recurrent->rows;
    cost->image_bytes += 2 * (uint64_t)input->rows;
}

/* The matrices; what is done with keys and values is not counted. */
static void add_block(db_token_cost *cost, const dogberry_image *image, uint32_t layer)
{
    for (uint32_t part = DOGBERRY_BLOCK_ATTENTION; part <= DOGBERRY_BLOCK_OUTER; part++) {
        const dogberry_matrix matrix = db_shape_block(image, layer, part);
        add_product(cost, &matrix, matrix.rows);
        cost->rows += matrix.rows;
        cost->image_bytes += 2 * (uint64_t)matrix.rows;
    }
}

db_token_cost db_token_cost_of(const dogberry_image *image)
{
    db_token_cost cost = {.weights = image->embedding, .image_bytes = db_rows_bytes(&image->embeddings, 1)};
    for (uint32_t i = 0; i < image->layers; i++) {
        if (image->architecture == DOGBERRY_TRANSFORMER)
            add_block(&cost, image, i);
        else
            add_recurrent(&cost, image, i);
    }
    add_output(&cost, image);
    return cost;
}

double db_cost_cycles(const db_token_cost *cost, const db_core_cost *core)
{
    return core->cycles_per_weight_i8 * (double)cost->weights_i8 +
           core->cycles_per_weight_i4 * (double)cost->weights_i4 + core->cycles_per_row * (double)cost->rows +
           core->cycles_per_logit * (double)cost->logits + core->cycles_per_token;
}

double db_cost_core_seconds(const db_token_cost *cost, const db_board *board)
{
    return db_cost_cycles(cost, board->core) / board->clock_hz;
}

double db_cost_flash_seconds(const db_token_cost *cost, const db_board *board)
{
    return (double)cost->image_bytes / board->flash_bandwidth;
}

double db_cost_psram_seconds(const db_token_cost *cost, const db_board *board)
{
    return board->psram_bandwidth > 0 ? (double)cost->image_bytes / board->psram_bandwidth : 0;
}
