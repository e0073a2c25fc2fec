/*
 * What a sparse vector adds to its product with a matrix by column: the definition.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

static void add_i8(int32_t *sums, const int8_t *column, uint32_t rows, int32_t value)
{
    for (uint32_t r = 0; r < rows; r++)
        sums[r] += value * column[r];
}

static void add_i4(int32_t *sums, const uint32_t *column, const uint8_t *scales, uint32_t rows, int32_t value)
{
    for (uint32_t r = 0, word = 0; r < rows; r++, word >>= 4) {
        if (r % DOGBERRY_I4_BLOCK == 0)
            word = *column++;
        sums[r] += value * scales[r] * ((int32_t)(word & 15u) - 8);
    }
}

void dogberry_ref_add_columns(int32_t *sums, const void *columns, const uint8_t *group_scales, uint32_t stride,
                              uint32_t blocks, const uint32_t *terms, uint32_t count)
{
    for (const uint32_t *end = terms + count; terms < end; terms++) {
        uint32_t index = *terms >> 8, rows = DOGBERRY_I4_BLOCK * blocks;
        const int8_t *column = (const int8_t *)columns + (size_t)index * stride;
        int32_t value = (int32_t)(*terms & 0xFFu);

        if (group_scales == NULL)
            add_i8(sums, column, rows, value);
        else
            add_i4(sums, (const uint32_t *)(const void *)column,
                   group_scales + (size_t)index / DOGBERRY_I4_GROUP * 2u * stride, rows, value);
    }
}
