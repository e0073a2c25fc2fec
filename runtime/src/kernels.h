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
#if (defined(__riscv) && __riscv_xlen == 32) || defined(__XTENSA__)
#define DOGBERRY_SCALAR32 1 /* cores that have no better kernels than C */
extern const dogberry_kernels dogberry_kernels_scalar32;
#endif
#if defined(__wasm_simd128__)
extern const dogberry_kernels dogberry_kernels_wasm_simd128;
#endif

#endif
