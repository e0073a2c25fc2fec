/*
 * Float matrices as int8 rows with one scale each (docs/FORMAT.md, "Tensor table").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_QUANTIZE_H
#define DB_PACK_QUANTIZE_H

#include <stdint.h>

#include "base/error.h"

/* Largest weight in size; -128 is left out, so that a negated weight is a weight too. */
enum { DB_WEIGHT_MAX = 127 };

/* weights[r][c] * steps[r] stands for the float value. */
typedef struct {
    uint32_t rows, cols, stride; /* stride: cols rounded up to 16 */
    int8_t *weights;             /* [rows][stride], zero beyond cols */
    double *steps;               /* [rows] */
} db_quantized;

/* Quantizes values [rows][cols] row by row. Each row's step is the one of the least squared error
 * among several clipping points, each with its best step for the integers it leads to;
 * errors in column c count importance[c] times (for a matrix: the mean square of what it is
 * multiplied with), once where `importance` is NULL. Free with db_quantized_free(). */
void db_quantize(db_quantized *out, const float *values, uint32_t rows, uint32_t cols, const double *importance);

/* Quantizes with one given step (> 0) for all rows; larger values are clipped. */
void db_quantize_with_step(db_quantized *out, const float *values, uint32_t rows, uint32_t cols, double step);

/* Returns the one step for all values [rows][cols] of the least squared error, where errors in row r
 * count row_importance[r] times. Positive, for a matrix of zeros too. */
double db_common_step(const float *values, uint32_t rows, uint32_t cols, const double *row_importance);

void db_quantized_free(db_quantized *matrix);

/* The scale word for `scale` (>= 0) on sums over `cols` products: mantissa and shift with
 * m / 2^s nearest to it. 0 and scales below what a word can say become a word that gives 0.
 * Returns 0, or -1 when the scale is too large for a word or for that many columns. */
int db_scale_word(double scale, uint32_t cols, uint32_t *word);

/* Returns m / 2^s. */
double db_scale_value(uint32_t word);

/* words[r] = the scale word of steps[r] * factor. Returns 0, or -1 with the error set, naming `what`. */
int db_scale_words(const db_quantized *matrix, double factor, uint32_t *words, const char *what, db_error *error);

/* values [count] as int16 with `frac` fraction bits, rounded, saturated. */
void db_quantize_bias(int16_t *out, const double *values, uint32_t count, uint32_t frac);

#endif
