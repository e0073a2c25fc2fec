/*
 * Float matrices as 4-bit rows: weights in groups of DOGBERRY_I4_GROUP columns, each group with a small
 * integer scale, each row with one step (docs/FORMAT.md, "int4 rows"; docs/NUMERICS.md, "int4 weights").
 *
 * There are two ways to choose the scales. The search tries many and weighs errors by what the weights are
 * multiplied with; the integers are then the nearest ones, or those found with error feedback. The fixed rule looks at
 * the weights alone, which is fast and always gives the same answer for the same weights, so that training can round in
 * every forward pass exactly as the packer will.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_QUANTIZE_I4_H
#define DB_PACK_QUANTIZE_I4_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "pack/gptq.h"

enum { DB_I4_LEAST = -8, DB_I4_MOST = 7 };

/* Laid out as in an image. */
typedef struct {
    uint32_t rows, cols;
    uint32_t blocks;       /* rows / 8, rounded up */
    uint32_t columns;      /* cols rounded up to 16 */
    uint32_t groups;       /* of a row */
    uint32_t *words;       /* [blocks][columns], weight + 8 of row 8 b + k in nibble k; 8 beyond rows and cols */
    uint8_t *group_scales; /* [blocks][groups][8], 1..255, 0 beyond rows */
    double *steps;         /* [rows], 0 for a row of zeros */
} db_quantized_i4;

/* Quantizes values [rows][cols] by search: each group's step is the one of the least squared error among several
 * clipping points; errors in column c count importance[c] times, once where `importance` is NULL.
 * Free with db_quantized_i4_free(). */
void db_quantize_i4_search(db_quantized_i4 *out, const float *values, uint32_t rows, uint32_t cols,
                           const double *importance);

/* The same with error feedback (pack/gptq.h): scales from that search, with the diagonal of the inputs' second moments
 * as the importance; then the integers, and the row's step, of the least error over inputs like those of `gptq`, whose
 * width is that of the rows. Free with db_quantized_i4_free(). */
void db_quantize_i4_feedback(db_quantized_i4 *out, const float *values, uint32_t rows, const db_gptq *gptq);

/* Quantizes values [rows][cols] by the fixed rule. Free with db_quantized_i4_free(). */
void db_quantize_i4_fixed(db_quantized_i4 *out, const float *values, uint32_t rows, uint32_t cols);

/* out [rows][cols] = what db_quantize_i4_fixed() makes of values [rows][cols], as floats (the integers are the same;
 * the products are rounded to float). `out` may be `values`. Rows are independent, so a caller may split them over
 * threads. Allocates nothing. */
void db_round_i4_fixed(float *out, const float *values, uint32_t rows, uint32_t cols);

/* Moves values [rows][cols] towards what db_round_i4_fixed() makes of them, those half a step off by `most`, others by
 * as much less as they are nearer, none beyond; but not those that it cuts off: they make the step. (Nagel,
 * Fournarakis, Bondarenko and Blankevoort, "Overcoming Oscillations in Quantization-Aware Training", 2022, of a term in
 * the loss that does this.) */
void db_settle_i4_fixed(float *values, uint32_t rows, uint32_t cols, float most);

/* Returns the real number that row r, column c stands for. */
double db_quantized_i4_value(const db_quantized_i4 *matrix, uint32_t r, uint32_t c);

/* out [rows][cols] = the real numbers that the matrix stands for. */
void db_dequantize_i4(float *out, const db_quantized_i4 *matrix);

void db_quantized_i4_free(db_quantized_i4 *matrix);

/* words[r] = the scale word of steps[r] * factor, checked against the bounds on sums.
 * Returns 0, or -1 with the error set, naming `what`. */
int db_scale_words_i4(const db_quantized_i4 *matrix, double factor, uint32_t *words, const char *what, db_error *error);

#endif
