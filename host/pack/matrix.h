/*
 * A quantized matrix of either width on its way into an image.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_MATRIX_H
#define DB_PACK_MATRIX_H

#include <stdbool.h>

#include "base/error.h"
#include "nn/config.h"
#include "pack/image.h"
#include "pack/quantize.h"
#include "pack/quantize_i4.h"

/* How a matrix is to be quantized. */
typedef struct {
    uint32_t bits; /* 8 or 4 */
    bool fixed;    /* by the fixed rule, not by search */
} db_matrix_kind;

/* Returns the bits of a model's tensor in an image of `bits` 8 or 4. In one of 4 a transformer's embedding, output
 * matrix and outer matrices of the feed-forward part keep 8: with 4 they make most of what the image loses once it is
 * tuned (docs/PACKING.md, "Transformers"). */
uint32_t db_matrix_bits(const db_model_config *config, const db_tensor *tensor, uint32_t bits);

typedef struct {
    uint32_t bits, rows, cols;
    db_quantized i8;
    db_quantized_i4 i4;
} db_matrix;

/* What the columns are multiplied with, for searches: mean squares [cols], and what rounding of 4 bits with error
 * feedback needs. NULL: all columns alike; to the nearest integers. */
typedef struct {
    const double *importance;
    const db_gptq *feedback;
} db_matrix_inputs;

/* Quantizes values [rows][cols]. Free with db_matrix_free(). */
void db_matrix_quantize(db_matrix *out, db_matrix_kind kind, const float *values, uint32_t rows, uint32_t cols,
                        const db_matrix_inputs *inputs);

/* Returns the real number that row r, column c stands for. */
double db_matrix_value(const db_matrix *matrix, uint32_t r, uint32_t c);

/* words[r] = the scale word that gives row r's sums in units of 1 / factor.
 * Returns 0, or -1 with the error set, naming `what`. */
int db_matrix_words(const db_matrix *matrix, double factor, uint32_t *words, const char *what, db_error *error);

/* The image's entry for the matrix with scale words [rows]; data stay the matrix's. */
db_image_tensor db_matrix_tensor(const db_matrix *matrix, uint8_t role, uint32_t layer, const uint32_t *words);

void db_matrix_free(db_matrix *matrix);

#endif
