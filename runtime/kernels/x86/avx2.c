/*
 * Kernels for x86-64 processors with AVX2. Compiles to nothing elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "x86.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

/* ---- int8 ---- */

enum { ROWS = 4, BLOCKS = 2 }; /* taken together, so that x is prepared once for all of them */

AVX2_INLINE __m256i load16(const int8_t *bytes)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)bytes));
}

AVX2_INLINE int32_t add_up(__m256i v)
{
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
    return _mm_cvtsi128_si32(sum);
}

/* Products of 16-bit numbers, which nothing saturates: -128 times -128 twice fits 32 bits. */
AVX2_INLINE void rows_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    __m256i sums[ROWS] = {_mm256_setzero_si256()};

    for (uint32_t r = 1; r < rows; r++)
        sums[r] = _mm256_setzero_si256();
    for (uint32_t c = 0; c < stride; c += 16u) {
        __m256i factors = load16(x + c);

        for (uint32_t r = 0; r < rows; r++)
            sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(load16(weights + (size_t)r * stride + c), factors));
    }
    for (uint32_t r = 0; r < rows; r++)
        out[r] = add_up(sums[r]);
}

AVX2 static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    uint32_t row = 0;

    for (; row + ROWS <= rows; row += ROWS)
        rows_i8(out + row, weights + (size_t)row * stride, stride, ROWS, x);
    for (; row < rows; row++)
        rows_i8(out + row, weights + (size_t)row * stride, stride, 1, x);
}

/* ---- int4 ----
 * A 128-bit lane holds four columns, a word of eight nibbles each. Turned over like a matrix of 4 x 4 bytes, its
 * 32-bit part j has rows 2j (low nibbles) and 2j + 1 (high) of the four columns, side by side as
 * vpmaddubsw takes them. The sums of a group's 64 columns stay within 16 bits: 8 times two products of 15 * 128. */

typedef struct {
    __m256i even, odd; /* 32-bit part j of each lane: row 2j, and 2j + 1 */
} block_sums;

AVX2_INLINE __m256i load_words(const uint32_t *words)
{
    const __m256i turn = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8, 12, 1, 5, 9,
                                          13, 2, 6, 10, 14, 3, 7, 11, 15);

    return _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(const void *)words), turn);
}

/* x of eight columns: those of the first four in all parts of the low lane, of the others in the high lane. */
AVX2_INLINE __m256i load_columns(const int8_t *x)
{
    __m128i eight = _mm_loadl_epi64((const __m128i *)(const void *)x);

    return _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(eight), _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1));
}

/* total += scale * (sums - what the offset of 8 adds to them). */
AVX2_INLINE void add_scaled(block_sums *total, const block_sums *sums, __m256i offset, const uint8_t *scales)
{
    const __m256i even = _mm256_setr_epi8(0, -1, 0, -1, 2, -1, 2, -1, 4, -1, 4, -1, 6, -1, 6, -1, 0, -1, 0, -1, 2, -1,
                                          2, -1, 4, -1, 4, -1, 6, -1, 6, -1);
    const __m256i odd = _mm256_setr_epi8(1, -1, 1, -1, 3, -1, 3, -1, 5, -1, 5, -1, 7, -1, 7, -1, 1, -1, 1, -1, 3, -1, 3,
                                         -1, 5, -1, 5, -1, 7, -1, 7, -1);
    __m256i all = _mm256_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)(const void *)scales));
    __m256i low = _mm256_madd_epi16(_mm256_sub_epi16(sums->even, offset), _mm256_shuffle_epi8(all, even));
    __m256i high = _mm256_madd_epi16(_mm256_sub_epi16(sums->odd, offset), _mm256_shuffle_epi8(all, odd));

    total->even = _mm256_add_epi32(total->even, low);
    total->odd = _mm256_add_epi32(total->odd, high);
}

/* Adds the columns first..end, of one group, to the totals. */
AVX2_INLINE void group_i4(block_sums *total, const uint32_t *weights, const uint8_t *scales, uint32_t columns,
                          uint32_t groups, uint32_t first, uint32_t end, uint32_t blocks, const int8_t *x)
{
    const __m256i nibbles = _mm256_set1_epi8(15), eight = _mm256_set1_epi8(8), zero = _mm256_setzero_si256();
    block_sums sums[BLOCKS] = {{zero, zero}, {zero, zero}};
    __m256i offset = zero;

    for (uint32_t c = first; c < end; c += 8u) {
        __m256i factors = load_columns(x + c);

        offset = _mm256_add_epi16(offset, _mm256_maddubs_epi16(eight, factors));
        for (uint32_t b = 0; b < blocks; b++) {
            __m256i words = load_words(weights + (size_t)b * columns + c);
            __m256i low = _mm256_and_si256(words, nibbles);
            __m256i high = _mm256_and_si256(_mm256_srli_epi16(words, 4), nibbles);

            sums[b].even = _mm256_add_epi16(sums[b].even, _mm256_maddubs_epi16(low, factors));
            sums[b].odd = _mm256_add_epi16(sums[b].odd, _mm256_maddubs_epi16(high, factors));
        }
    }
    for (uint32_t b = 0; b < blocks; b++)
        add_scaled(&total[b], &sums[b], offset,
                   scales + ((size_t)b * groups + first / DOGBERRY_I4_GROUP) * DOGBERRY_I4_BLOCK);
}

AVX2_INLINE void store_block(int32_t *out, const block_sums *total)
{
    __m128i even = _mm_add_epi32(_mm256_castsi256_si128(total->even), _mm256_extracti128_si256(total->even, 1));
    __m128i odd = _mm_add_epi32(_mm256_castsi256_si128(total->odd), _mm256_extracti128_si256(total->odd, 1));

    _mm_storeu_si128((__m128i *)(void *)out, _mm_unpacklo_epi32(even, odd));
    _mm_storeu_si128((__m128i *)(void *)(out + 4), _mm_unpackhi_epi32(even, odd));
}

AVX2_INLINE void blocks_i4(int32_t *out, const uint32_t *weights, const uint8_t *scales, uint32_t columns,
                           uint32_t blocks, const int8_t *x)
{
    const __m256i zero = _mm256_setzero_si256();
    uint32_t groups = (columns + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;
    block_sums total[BLOCKS] = {{zero, zero}, {zero, zero}};

    for (uint32_t first = 0; first < columns; first += DOGBERRY_I4_GROUP) {
        uint32_t left = columns - first, count = left < DOGBERRY_I4_GROUP ? left : DOGBERRY_I4_GROUP;

        group_i4(total, weights, scales, columns, groups, first, first + count, blocks, x);
    }
    for (uint32_t b = 0; b < blocks; b++)
        store_block(out + b * DOGBERRY_I4_BLOCK, &total[b]);
}

AVX2 static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
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

/* ---- Rescaling ----
 * Products in 64 bits, of even and of odd lanes. As in dogberry_rescale(), the floor over 2^(s-1), and one more,
 * halved. There is no arithmetic shift of 64 bits: products are made positive by 2^46, a multiple of 2^(s-1). */

/* The lower halves of products >> shifts. */
AVX2_INLINE __m256i shift_right(__m256i products, __m256i shifts)
{
    const __m256i most = _mm256_set1_epi64x((int64_t)1 << 46);

    return _mm256_sub_epi64(_mm256_srlv_epi64(_mm256_add_epi64(products, most), shifts),
                            _mm256_srlv_epi64(most, shifts));
}

AVX2_INLINE __m256i rescale_eight(__m256i sums, __m256i scales)
{
    __m256i m = _mm256_and_si256(scales, _mm256_set1_epi32(0x7FFF)), one = _mm256_set1_epi32(1);
    __m256i less = _mm256_sub_epi32(_mm256_srli_epi32(scales, 16), one); /* s - 1 */
    __m256i even = shift_right(_mm256_mul_epi32(sums, m), _mm256_blend_epi32(_mm256_setzero_si256(), less, 0x55));
    __m256i odd = shift_right(_mm256_mul_epi32(_mm256_srli_epi64(sums, 32), _mm256_srli_epi64(m, 32)),
                              _mm256_srli_epi64(less, 32));

    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA), one), 1);
}

AVX2 static void rescale(int32_t *out, const int32_t *sums, const uint32_t *scales, const int16_t *bias, uint32_t count)
{
    uint32_t r = 0;

    for (; r + 8u <= count; r += 8u) {
        __m256i y = rescale_eight(_mm256_loadu_si256((const __m256i *)(const void *)(sums + r)),
                                  _mm256_loadu_si256((const __m256i *)(const void *)(scales + r)));

        if (bias != NULL)
            y = _mm256_add_epi32(y, _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(bias + r))));
        _mm256_storeu_si256((__m256i *)(void *)(out + r), y);
    }
    if (r < count)
        dogberry_ref_rescale(out + r, sums + r, scales + r, bias != NULL ? bias + r : NULL, count - r);
}

const dogberry_kernels dogberry_kernels_avx2 = {"avx2",
                                                matvec_i8,
                                                matvec_i4,
                                                rescale,
                                                dogberry_ref_take,
                                                NULL,
                                                DOGBERRY_TRANSFORMER_KERNELS(dogberry_avx2_transformer)};

#endif
