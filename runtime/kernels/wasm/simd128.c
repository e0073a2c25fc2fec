/*
 * Kernels for WebAssembly with the SIMD instructions (clang's -msimd128). Compiles to nothing elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

#if defined(__wasm_simd128__)

#include <wasm_simd128.h>

enum { ROWS = 4, BLOCKS = 2 }; /* taken together, so that x is prepared once for all of them */

#define INLINE static inline __attribute__((always_inline))

/* ---- int8 ---- */

INLINE int32_t add_up(v128_t v)
{
    v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
    return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1);
}

INLINE void rows_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    v128_t sums[ROWS];

    for (uint32_t r = 0; r < rows; r++)
        sums[r] = wasm_i32x4_splat(0);
    for (uint32_t c = 0; c < stride; c += 16u) {
        v128_t factors = wasm_v128_load(x + c);
        v128_t low = wasm_i16x8_extend_low_i8x16(factors), high = wasm_i16x8_extend_high_i8x16(factors);

        for (uint32_t r = 0; r < rows; r++) {
            v128_t w = wasm_v128_load(weights + (size_t)r * stride + c);

            sums[r] = wasm_i32x4_add(sums[r], wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(w), low));
            sums[r] = wasm_i32x4_add(sums[r], wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(w), high));
        }
    }
    for (uint32_t r = 0; r < rows; r++)
        out[r] = add_up(sums[r]);
}

static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    uint32_t row = 0;

    for (; row + ROWS <= rows; row += ROWS)
        rows_i8(out + row, weights + (size_t)row * stride, stride, ROWS, x);
    for (; row < rows; row++)
        rows_i8(out + row, weights + (size_t)row * stride, stride, 1, x);
}

/* ---- int4 ----
 * Four columns at a time, a word of eight nibbles each; rows k and k + 4 in two 16-bit lanes, as in the definition.
 * A lane takes a quarter of a group's 64 columns: 16 * 15 * 128 fits. */

enum { PAIRS = 4 }; /* of rows */

typedef struct {
    v128_t pair[PAIRS];
} block_sums;

/* x of four columns, each in the two lanes of its word. */
INLINE v128_t load_columns(const int8_t *x)
{
    v128_t four = wasm_v128_load32_zero(x);

    return wasm_i16x8_extend_low_i8x16(wasm_i8x16_shuffle(four, four, 0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0));
}

/* Adds the products of four columns. */
INLINE void add_columns(block_sums *sums, const uint32_t *words, v128_t factors)
{
    const v128_t nibbles = wasm_i16x8_splat(15);
    v128_t w = wasm_v128_load(words);

    sums->pair[0] = wasm_i16x8_add(sums->pair[0], wasm_i16x8_mul(wasm_v128_and(w, nibbles), factors));
    sums->pair[1] =
        wasm_i16x8_add(sums->pair[1], wasm_i16x8_mul(wasm_v128_and(wasm_u16x8_shr(w, 4), nibbles), factors));
    sums->pair[2] =
        wasm_i16x8_add(sums->pair[2], wasm_i16x8_mul(wasm_v128_and(wasm_u16x8_shr(w, 8), nibbles), factors));
    sums->pair[3] = wasm_i16x8_add(sums->pair[3], wasm_i16x8_mul(wasm_u16x8_shr(w, 12), factors));
}

/* total (32-bit lanes: row k, row k, row k + 4, row k + 4) += scale * (sums - what the offset of 8 adds to them). */
INLINE void add_scaled(block_sums *total, const block_sums *sums, v128_t offset, const uint8_t *scales)
{
    for (uint32_t k = 0; k < PAIRS; k++) {
        v128_t s = wasm_i16x8_sub(sums->pair[k], offset);
        int16_t first = scales[k], second = scales[k + PAIRS];
        v128_t both = wasm_i16x8_make(first, first, first, first, second, second, second, second);

        s = wasm_i16x8_shuffle(s, s, 0, 2, 4, 6, 1, 3, 5, 7);
        total->pair[k] = wasm_i32x4_add(total->pair[k], wasm_i32x4_dot_i16x8(s, both));
    }
}

INLINE void blocks_i4(int32_t *out, const uint32_t *weights, const uint8_t *scales, uint32_t columns, uint32_t blocks,
                      const int8_t *x)
{
    const v128_t zero = wasm_i32x4_splat(0), eight = wasm_i16x8_splat(8);
    uint32_t groups = (columns + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;
    block_sums total[BLOCKS] = {{{zero, zero, zero, zero}}, {{zero, zero, zero, zero}}};

    for (uint32_t first = 0; first < columns; first += DOGBERRY_I4_GROUP) {
        uint32_t left = columns - first, end = first + (left < DOGBERRY_I4_GROUP ? left : DOGBERRY_I4_GROUP);
        block_sums sums[BLOCKS] = {{{zero, zero, zero, zero}}, {{zero, zero, zero, zero}}};
        v128_t offset = zero;

        for (uint32_t c = first; c < end; c += 4u) {
            v128_t factors = load_columns(x + c);

            offset = wasm_i16x8_add(offset, wasm_i16x8_mul(eight, factors));
            for (uint32_t b = 0; b < blocks; b++)
                add_columns(&sums[b], weights + (size_t)b * columns + c, factors);
        }
        for (uint32_t b = 0; b < blocks; b++)
            add_scaled(&total[b], &sums[b], offset,
                       scales + ((size_t)b * groups + first / DOGBERRY_I4_GROUP) * DOGBERRY_I4_BLOCK);
    }
    for (uint32_t b = 0; b < blocks; b++, out += DOGBERRY_I4_BLOCK) {
        for (uint32_t k = 0; k < PAIRS; k++) {
            v128_t sum = total[b].pair[k];

            sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 1, 0, 3, 2));
            out[k] = wasm_i32x4_extract_lane(sum, 0);
            out[k + PAIRS] = wasm_i32x4_extract_lane(sum, 2);
        }
    }
}

static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                      uint32_t blocks, const int8_t *x)
{
    size_t scales = (size_t)((columns + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP) * DOGBERRY_I4_BLOCK;
    uint32_t b = 0;

    for (; b + BLOCKS <= blocks; b += BLOCKS)
        blocks_i4(out + b * DOGBERRY_I4_BLOCK, weights + (size_t)b * columns, group_scales + b * scales, columns,
                  BLOCKS, x);
    if (b < blocks)
        blocks_i4(out + b * DOGBERRY_I4_BLOCK, weights + (size_t)b * columns, group_scales + b * scales, columns, 1, x);
}

const dogberry_kernels dogberry_kernels_wasm_simd128 = {"wasm-simd128",
                                                        matvec_i8,
                                                        matvec_i4,
                                                        dogberry_ref_rescale,
                                                        dogberry_ref_take,
                                                        NULL,
                                                        DOGBERRY_TRANSFORMER_KERNELS(dogberry_ref_transformer)};

#endif
