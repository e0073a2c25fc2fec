/*
 * int8 rows by a rule that looks at the weights alone: fast, and always the same answer for the same weights, so that
 * training can round in every forward pass exactly as the packer will. (pack/quantize.h has the search that weighs
 * errors by what the weights are multiplied with; pack/quantize_i4.h both ways for 4 bits.)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_QUANTIZE_FIXED_H
#define DB_PACK_QUANTIZE_FIXED_H

#include <stddef.h>
#include <stdint.h>

#include "pack/quantize.h"

/* Quantizes values [rows][cols], each row with the step that makes its largest weight 127 (1 for a row of zeros).
 * Free with db_quantized_free(). */
void db_quantize_fixed(db_quantized *out, const float *values, uint32_t rows, uint32_t cols);

/* out [rows][cols] = what db_quantize_fixed() makes of values [rows][cols], as floats (the integers are the same; the
 * products are rounded to float). `out` may be `values`. Rows are independent. Allocates nothing. */
void db_round_fixed(float *out, const float *values, uint32_t rows, uint32_t cols);

/* out [count] = what db_quantize_with_step() makes of values [count], as floats. `out` may be `values`. */
void db_round_with_step(float *out, const float *values, size_t count, double step);

#endif
