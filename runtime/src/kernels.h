/*
 * The sets of kernels, one for each folder of runtime/kernels/. A folder's files guard themselves by the
 * compiler's macros for its target, so they may be given to any compiler; src/kernels.c names the sets
 * that are there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_KERNELS_H
#define DOGBERRY_KERNELS_H

#include "dogberry.h"
#include "kinds.h"

/* What ref does for sets that have nothing faster. */
void dogberry_ref_rescale(int32_t *out, const int32_t *sums, const uint32_t *scales, const int16_t *bias,
                          uint32_t count);

uint32_t dogberry_ref_take(const int16_t *logits, uint32_t at, uint32_t end, const dogberry_weighing *how,
                           uint64_t *left);

/* The same for transformers. */
extern const dogberry_transformer_kernels dogberry_ref_transformer;

int32_t dogberry_ref_scores_i8(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride,
                               uint32_t count, uint32_t width);
int32_t dogberry_ref_scores_i16(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride,
                                uint32_t count, uint32_t width);
uint32_t dogberry_ref_weigh(int32_t *scores, uint32_t count, int32_t most, uint32_t frac, uint32_t bits);
void dogberry_ref_mix_i8(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride, uint32_t count,
                         uint32_t width);
void dogberry_ref_swiglu(int8_t *out, const int32_t *gates, const int32_t *ups, uint32_t count);
void dogberry_ref_add_columns(int32_t *sums, const void *columns, const uint8_t *group_scales, uint32_t stride,
                              uint32_t blocks, const uint32_t *terms, uint32_t count);
void dogberry_ref_share(void (*work)(void *context, uint32_t first, uint32_t items, uint32_t part), void *context,
                        uint32_t count);

/* For a set's `transformer`. */
#define DOGBERRY_TRANSFORMER_KERNELS(table) (DOGBERRY_HAS_TRANSFORMER ? &(table) : NULL)

#include "../kernels/xtensa_s3/target.h"

#if defined(__x86_64__)
extern const dogberry_kernels dogberry_kernels_avx2;        /* to be used only where dogberry_x86_has_avx2() */
extern const dogberry_kernels dogberry_kernels_avx512_vnni; /* and dogberry_x86_has_avx512_vnni() */
#endif
#if defined(__ARM_ARCH_6M__)
extern const dogberry_kernels dogberry_kernels_armv6m;
#endif
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
extern const dogberry_kernels dogberry_kernels_arm_dsp;
#endif
#if defined(DOGBERRY_XTENSA_S3)
extern const dogberry_kernels
    dogberry_kernels_xtensa_s3; /* for dogberry_kernels_checked(), not to be trusted blindly */
#endif
#if (defined(__riscv) && __riscv_xlen == 32) || defined(__XTENSA__) || defined(DOGBERRY_XTENSA_S3)
#define DOGBERRY_SCALAR32 1 /* cores that have no better kernels than C, or need them beside */
extern const dogberry_kernels dogberry_kernels_scalar32;
#endif
#if defined(__wasm_simd128__)
extern const dogberry_kernels dogberry_kernels_wasm_simd128;
#endif

#endif
