/*
 * What this processor and its operating system can do. Compiles to nothing elsewhere than on x86-64.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_X86_H
#define DOGBERRY_X86_H

#if defined(__x86_64__)

#include "dogberry.h"

/* Whether the instructions are there and their registers are kept by the operating system (Intel SDM volume 1,
 * 14.3 and 15.2). Never fail. Return 1 or 0. */
int dogberry_x86_has_avx2(void);
int dogberry_x86_has_avx512_vnni(void);

/* Attention, to be used only where the function above of the same name says so. What the second has no better version
 * of it shares with the first. */
extern const dogberry_transformer_kernels dogberry_avx2_transformer;
extern const dogberry_transformer_kernels dogberry_avx512_transformer;

int32_t dogberry_avx2_scores_i8(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride,
                                uint32_t count, uint32_t width);
int32_t dogberry_avx2_scores_i16(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride,
                                 uint32_t count, uint32_t width);
void dogberry_avx2_mix_i8(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride, uint32_t count,
                          uint32_t width);

void dogberry_avx2_swiglu(int8_t *out, const int32_t *gates, const int32_t *ups, uint32_t count);

#endif

#endif
