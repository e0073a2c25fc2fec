/*
 * The assembly routines of this folder; what they compute is said at dogberry_kernels in dogberry.h. All
 * follow the procedure call standard (AAPCS) and call nothing. Of the stack they take at most, in bytes: matvec_i8 500,
 * matvec_i8_short 196 or what matvec_i8 does, matvec_i4 348, add_columns 76, scores and mix 52, take 48, weigh 36,
 * rescale 20. Scores and mix take widths that are multiples of 4, or with _any others from 5 on. They go into sections
 * .text.NAME, or wherever DOGBERRY_KERNEL_SECTION says (firmware whose code lies in slow flash puts them into RAM).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_ARMV6M_H
#define DOGBERRY_ARMV6M_H

#include "dogberry.h"

extern const dogberry_transformer_kernels dogberry_armv6m_transformer;

void dogberry_matvec_i8_armv6m(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x);
void dogberry_matvec_i8_short_armv6m(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows,
                                     const int8_t *x); /* faster for rows of 16 columns, and passes others on */
void dogberry_matvec_i4_armv6m(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                               uint32_t blocks, const int8_t *x);
void dogberry_rescale_armv6m(int32_t *out, const int32_t *sums, const uint32_t *scales, const int16_t *bias,
                             uint32_t count);
uint32_t dogberry_take_armv6m(const int16_t *logits, uint32_t at, uint32_t end, const dogberry_weighing *how,
                              uint64_t *left);
int32_t dogberry_scores_i8_armv6m(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride,
                                  uint32_t count, uint32_t width);
int32_t dogberry_scores_i16_armv6m(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride,
                                   uint32_t count, uint32_t width);
int32_t dogberry_scores_i16_any_armv6m(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride,
                                       uint32_t count, uint32_t width);
uint32_t dogberry_weigh_armv6m(int32_t *scores, uint32_t count, int32_t most, uint32_t frac, uint32_t bits);
void dogberry_mix_i8_armv6m(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride,
                            uint32_t count, uint32_t width);
void dogberry_mix_i8_any_armv6m(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride,
                                uint32_t count, uint32_t width);
void dogberry_add_columns_armv6m(int32_t *sums, const void *columns, const uint8_t *group_scales, uint32_t stride,
                                 uint32_t blocks, const uint32_t *terms, uint32_t count);

#endif
