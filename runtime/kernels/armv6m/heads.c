/*
 * Attention on Armv6-M: which assembly takes a width, or ref.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

#if defined(__ARM_ARCH_6M__)
#include "armv6m.h"

static int32_t scores_i8(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride, uint32_t count,
                         uint32_t width)
{
    if (width % 4u != 0)
        return dogberry_ref_scores_i8(scores, query, keys, stride, count, width);
    return dogberry_scores_i8_armv6m(scores, query, keys, stride, count, width);
}

static int32_t scores_i16(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride, uint32_t count,
                          uint32_t width)
{
    if (width % 4u == 0)
        return dogberry_scores_i16_armv6m(scores, query, keys, stride, count, width);
    if (width > 4u)
        return dogberry_scores_i16_any_armv6m(scores, query, keys, stride, count, width);
    return dogberry_ref_scores_i16(scores, query, keys, stride, count, width);
}

static void mix_i8(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride, uint32_t count,
                   uint32_t width)
{
    if (width % 4u == 0)
        dogberry_mix_i8_armv6m(sums, weights, values, stride, count, width);
    else if (width > 4u)
        dogberry_mix_i8_any_armv6m(sums, weights, values, stride, count, width);
    else
        dogberry_ref_mix_i8(sums, weights, values, stride, count, width);
}

const dogberry_transformer_kernels dogberry_armv6m_transformer = {
    scores_i8,         scores_i16, dogberry_weigh_armv6m, mix_i8, dogberry_ref_swiglu, dogberry_add_columns_armv6m,
    dogberry_ref_share};
#endif
