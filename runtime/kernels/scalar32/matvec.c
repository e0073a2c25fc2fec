/*
 * Kernels in C for 32-bit processors without vectors or assembly of ours: RISC-V and Xtensa. As ref computes,
 * with fewer instructions. Compiles to nothing elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "seam.h"

#if defined(DOGBERRY_SCALAR32)

/* Nothing is loaded before its turn. A compiler that loads far ahead runs out of registers here. */
#define IN_TURN() __asm__ volatile("" : : : "memory")

enum { ROWS = 4, STEP = 16, LANES = 0x000F000F };

/* ---- int8: four rows at a time, so that each x is loaded once for four weights ---- */

#if defined(__XTENSA__)
/* Loads of signed bytes take three instructions on Xtensa, fields of words taken as unsigned one: four weights are
 * loaded as a word, 128 more than they are, and the sums corrected in the end. */

typedef uint32_t __attribute__((may_alias)) any_word;

static uint32_t word_at(const int8_t *weights)
{
    return *(const any_word *)(const void *)weights ^ 0x80808080u;
}

static uint32_t times_four(uint32_t word, const int32_t *x)
{
    return (word & 255u) * (uint32_t)x[0] + (word >> 8 & 255u) * (uint32_t)x[1] + (word >> 16 & 255u) * (uint32_t)x[2] +
           (word >> 24) * (uint32_t)x[3];
}

static void four_rows(int32_t *out, const int8_t *weights, uint32_t stride, const int8_t *x)
{
    const int8_t *w0 = weights, *w1 = w0 + stride, *w2 = w1 + stride, *w3 = w2 + stride;
    uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, sum_of_x = 0;

    for (uint32_t c = 0; c < stride; c += 4u) {
        const int32_t four[4] = {x[c], x[c + 1u], x[c + 2u], x[c + 3u]};

        sum_of_x += (uint32_t)(four[0] + four[1] + four[2] + four[3]);
        s0 += times_four(word_at(w0 + c), four);
        IN_TURN();
        s1 += times_four(word_at(w1 + c), four);
        IN_TURN();
        s2 += times_four(word_at(w2 + c), four);
        IN_TURN();
        s3 += times_four(word_at(w3 + c), four);
    }
    out[0] = (int32_t)(s0 - 128u * sum_of_x);
    out[1] = (int32_t)(s1 - 128u * sum_of_x);
    out[2] = (int32_t)(s2 - 128u * sum_of_x);
    out[3] = (int32_t)(s3 - 128u * sum_of_x);
}
#else
static void four_rows(int32_t *out, const int8_t *weights, uint32_t stride, const int8_t *x)
{
    const int8_t *w0 = weights, *w1 = w0 + stride, *w2 = w1 + stride, *w3 = w2 + stride, *end = x + (stride & ~15u);
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;

    while (x < end) {
#pragma GCC unroll 8
        for (uint32_t i = 0; i < 8u; i++) {
            int32_t factor = (int32_t)x[i];

            s0 += w0[i] * factor;
            s1 += w1[i] * factor;
            s2 += w2[i] * factor;
            s3 += w3[i] * factor;
            IN_TURN();
        }
        x += 8;
        w0 += 8;
        w1 += 8;
        w2 += 8;
        w3 += 8;
    }
    out[0] = s0;
    out[1] = s1;
    out[2] = s2;
    out[3] = s3;
}
#endif

/* What is left over of the rows. */
static int32_t one_row(const int8_t *weights, uint32_t stride, const int8_t *x)
{
    int32_t sum = 0;

    for (uint32_t c = 0; c < stride; c++)
        sum += weights[c] * x[c];
    return sum;
}

static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    uint32_t row = 0;

    for (; row + ROWS <= rows; row += ROWS)
        four_rows(out + row, weights + (size_t)row * stride, stride, x);
    for (; row < rows; row++)
        out[row] = one_row(weights + (size_t)row * stride, stride, x);
}

/* ---- int4: as in ref, sixteen columns of eight rows at a time, unrolled; x is summed on the way ---- */

/* Takes the two sums of a word apart. */
static void add_pair(int32_t *low, int32_t *high, uint32_t pair)
{
    int32_t first = (int16_t)(pair & 0xFFFFu);

    *low += first;
    *high += (int16_t)((pair - (uint32_t)first) >> 16);
}

/* Adds the products of 16 columns to the eight sums, nibbles as they are. Returns the sum of x. */
static int32_t add_columns(int32_t *sums, const uint32_t *w, const int8_t *x)
{
    uint32_t p0 = 0, p1 = 0, p2 = 0, p3 = 0;
    int32_t sum_of_x = 0;

#pragma GCC unroll 16
    for (uint32_t c = 0; c < STEP; c++) {
        uint32_t word = w[c], factor = (uint32_t)(int32_t)x[c];

        sum_of_x += x[c];
        p0 += (word & LANES) * factor;
        p1 += (word >> 4 & LANES) * factor;
        p2 += (word >> 8 & LANES) * factor;
        p3 += (word >> 12 & LANES) * factor;
        IN_TURN();
    }
    add_pair(&sums[0], &sums[4], p0);
    add_pair(&sums[1], &sums[5], p1);
    add_pair(&sums[2], &sums[6], p2);
    add_pair(&sums[3], &sums[7], p3);
    return sum_of_x;
}

static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                      uint32_t blocks, const int8_t *x)
{
    for (uint32_t b = 0; b < blocks; b++, out += DOGBERRY_I4_BLOCK) {
        dogberry_fill(out, 0, DOGBERRY_I4_BLOCK * sizeof *out);
        for (uint32_t first = 0; first < columns; first += DOGBERRY_I4_GROUP) {
            uint32_t left = columns - first, count = left < DOGBERRY_I4_GROUP ? left : DOGBERRY_I4_GROUP;
            int32_t sums[DOGBERRY_I4_BLOCK] = {0}, offset = 0;

            for (uint32_t c = first; c < first + count; c += STEP)
                offset += 8 * add_columns(sums, weights + c, x + c);
            for (uint32_t k = 0; k < DOGBERRY_I4_BLOCK; k++)
                out[k] += group_scales[k] * (sums[k] - offset);
            group_scales += DOGBERRY_I4_BLOCK;
        }
        weights += columns;
    }
}

const dogberry_kernels dogberry_kernels_scalar32 = {"scalar32",
                                                    matvec_i8,
                                                    matvec_i4,
                                                    dogberry_ref_rescale,
                                                    dogberry_ref_take,
                                                    NULL,
                                                    DOGBERRY_TRANSFORMER_KERNELS(dogberry_ref_transformer)};

#endif
