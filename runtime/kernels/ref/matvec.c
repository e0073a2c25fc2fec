/*
 * int8 and int4 matrix times int8 vector, int32 sums: the definition that every other set of
 * kernels gives the same bits as.
 *
 * int4: a word holds one column of eight rows, a nibble each. Masking with 0x000F000F takes rows k and k + 4
 * out of it into two lanes of 16 bits, which one multiplication serves both. With nibbles of
 * 0..15 and x in -128..127, sixteen columns stay within 16 * 15 * 128 = 30720, so a lane is a
 * signed 16-bit number until then; the carry that a negative low lane takes from the high one is given
 * back when they are taken apart.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "kinds.h"
#include "seam.h"

enum { STEP = 16, LANES = 0x000F000F };

/* Integer sums do not depend on their order, so a compiler may vectorize this as it likes;
 * where there are no vectors, unrolling saves most of the counting. */
static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    uint32_t columns = stride & ~15u; /* is the stride; tells the compiler that no columns are left over */

    for (uint32_t row = 0; row < rows; row++) {
        const int8_t *w = weights + (size_t)row * stride;
        int32_t sum = 0;

#pragma GCC unroll 16
        for (uint32_t c = 0; c < columns; c++)
            sum += w[c] * x[c];
        out[row] = sum;
    }
}

/* Adds the products of 16 columns to the eight sums, nibbles as they are. */
static void add_columns(int32_t *sums, const uint32_t *w, const int8_t *x)
{
    uint32_t p0 = 0, p1 = 0, p2 = 0, p3 = 0;

    for (uint32_t c = 0; c < STEP; c++) {
        uint32_t word = w[c], factor = (uint32_t)(int32_t)x[c];

        p0 += (word & LANES) * factor;
        p1 += (word >> 4 & LANES) * factor;
        p2 += (word >> 8 & LANES) * factor;
        p3 += (word >> 12 & LANES) * factor;
    }
    const uint32_t pairs[4] = {p0, p1, p2, p3};

    for (uint32_t k = 0; k < 4u; k++) {
        int32_t low = (int16_t)(pairs[k] & 0xFFFFu);

        sums[k] += low;
        sums[k + 4u] += (int16_t)((pairs[k] - (uint32_t)low) >> 16);
    }
}

/* Takes the offset of 8 out of a group's sums and adds them, scaled, to the rows'. */
static void add_group(int32_t *out, const uint8_t *scales, const int32_t *sums, int32_t sum_of_x)
{
    for (uint32_t k = 0; k < DOGBERRY_I4_BLOCK; k++)
        out[k] += scales[k] * (sums[k] - 8 * sum_of_x);
}

static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                      uint32_t blocks, const int8_t *x)
{
    for (uint32_t b = 0; b < blocks; b++, out += DOGBERRY_I4_BLOCK) {
        dogberry_fill(out, 0, DOGBERRY_I4_BLOCK * sizeof *out);
        for (uint32_t first = 0; first < columns; first += DOGBERRY_I4_GROUP) {
            uint32_t left = columns - first, count = left < DOGBERRY_I4_GROUP ? left : DOGBERRY_I4_GROUP;
            int32_t sums[DOGBERRY_I4_BLOCK] = {0}, sum_of_x = 0;

            for (uint32_t c = 0; c < count; c += STEP)
                add_columns(sums, weights + first + c, x + first + c);
            for (uint32_t c = 0; c < count; c++)
                sum_of_x += x[first + c];
            add_group(out, group_scales, sums, sum_of_x);
            group_scales += DOGBERRY_I4_BLOCK;
        }
        weights += columns;
    }
}

const dogberry_kernels dogberry_kernels_ref = {"ref",
                                               DOGBERRY_HAS_INT8 ? matvec_i8 : NULL,
                                               matvec_i4,
                                               dogberry_ref_rescale,
                                               dogberry_ref_take,
                                               NULL,
                                               DOGBERRY_TRANSFORMER_KERNELS(dogberry_ref_transformer)};
