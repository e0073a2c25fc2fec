/*
 * The kernels for the ESP32-S3: its vector instructions where everything is aligned for them, else C.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

#if defined(DOGBERRY_XTENSA_S3)
#include "kinds.h"
#include "xtensa_s3.h"

static int is_aligned(const void *weights, const int8_t *x)
{
    return (((uintptr_t)weights | (uintptr_t)x) & 15u) == 0;
}

static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    if (is_aligned(weights, x))
        dogberry_matvec_i8_xtensa_s3(out, weights, stride, rows, x);
    else
        dogberry_kernels_scalar32.matvec_i8(out, weights, stride, rows, x);
}

static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                      uint32_t blocks, const int8_t *x)
{
    if (is_aligned(weights, x))
        dogberry_matvec_i4_xtensa_s3(out, weights, group_scales, columns, blocks, x);
    else
        dogberry_kernels_scalar32.matvec_i4(out, weights, group_scales, columns, blocks, x);
}

const dogberry_kernels dogberry_kernels_xtensa_s3 = {"xtensa-s3",
                                                     DOGBERRY_HAS_INT8 ? matvec_i8 : NULL,
                                                     matvec_i4,
                                                     dogberry_ref_rescale,
                                                     dogberry_ref_take,
                                                     NULL,
                                                     DOGBERRY_TRANSFORMER_KERNELS(dogberry_ref_transformer)};

#endif
