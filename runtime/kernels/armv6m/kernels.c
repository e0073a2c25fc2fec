/*
 * The kernels for Armv6-M: Cortex-M0, M0+ and M1.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

#if defined(__ARM_ARCH_6M__)
#include "armv6m.h"

#if DOGBERRY_HAS_TRANSFORMER
#define MATVEC_I8 dogberry_matvec_i8_short_armv6m /* rows of 16 columns are the smallest transformers' */
#else
#define MATVEC_I8 dogberry_matvec_i8_armv6m
#endif

const dogberry_kernels dogberry_kernels_armv6m = {"armv6m",
                                                  DOGBERRY_HAS_INT8 ? MATVEC_I8 : NULL,
                                                  dogberry_matvec_i4_armv6m,
                                                  DOGBERRY_HAS_TRANSFORMER ? dogberry_rescale_armv6m
                                                                           : dogberry_ref_rescale,
                                                  DOGBERRY_HAS_TRANSFORMER ? dogberry_take_armv6m : dogberry_ref_take,
                                                  NULL,
                                                  DOGBERRY_TRANSFORMER_KERNELS(dogberry_armv6m_transformer)};
#endif
