/*
 * Kernels for x86-64 processors with AVX-512 (F, BW) and VNNI, whose vpdpbusd multiplies unsigned by signed
 * bytes and adds four products to each 32-bit sum, without saturation. Compiles to nothing elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "x86.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))
#define VNNI_INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vnni")))

enum { ROWS = 16, BLOCKS = 2 }; /* taken together, so that x is prepared once for all of them */

/* ---- int8 ----
 * A weight with its top bit flipped is the unsigned weight + 128, so the sums come out too large by 128 times the
 * sum of x. They may wrap around on the way; the difference is right, being less than 2^30. */

/* The lanes of columns c .. c + 63 that exist. */
VNNI_INLINE __mmask64 lanes(uint32_t c, uint32_t stride)
{
    return stride - c >= 64u ? ~(__mmask64)0 : ((__mmask64)1 << (stride - c)) - 1u;
}

VNNI_INLINE uint32_t sum_of(const int8_t *x, uint32_t stride)
{
    __m512i sum = _mm512_setzero_si512();

    for (uint32_t c = 0; c < stride; c += 64u)
        sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), _mm512_maskz_loadu_epi8(lanes(c, stride), x + c));
    return (uint32_t)_mm512_reduce_add_epi32(sum);
}

/* Each vector's parts added up: part r of the result is the sum of v[r]. Every step halves the vectors: pairs of parts,
 * then of pairs, then of 128-bit lanes. */
VNNI_INLINE __m512i add_up(const __m512i v[ROWS])
{
    __m512i pairs[ROWS / 2], fours[ROWS / 4], low, high;

    for (uint32_t i = 0; i < ROWS / 2; i++)
        pairs[i] = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]),
                                    _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]));
    for (uint32_t i = 0; i < ROWS / 4; i++)
        fours[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
                                    _mm512_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
    low = _mm512_add_epi32(_mm512_shuffle_i32x4(fours[0], fours[1], 0x88),
                           _mm512_shuffle_i32x4(fours[0], fours[1], 0xDD));
    high = _mm512_add_epi32(_mm512_shuffle_i32x4(fours[2], fours[3], 0x88),
                            _mm512_shuffle_i32x4(fours[2], fours[3], 0xDD));
    return _mm512_add_epi32(_mm512_shuffle_i32x4(low, high, 0x88), _mm512_shuffle_i32x4(low, high, 0xDD));
}

/* The first `rows` of a block of rows; what the others' lanes would be is never read or written. */
VNNI_INLINE void rows_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x,
                         __m512i offset)
{
    const __m512i flip = _mm512_set1_epi8(-128);
    __m512i sums[ROWS];

    for (uint32_t r = 0; r < ROWS; r++)
        sums[r] = _mm512_setzero_si512();
    for (uint32_t c = 0; c < stride; c += 64u) {
        __mmask64 mask = lanes(c, stride);
        __m512i factors = _mm512_maskz_loadu_epi8(mask, x + c);

        for (uint32_t r = 0; r < ROWS; r++) {
            __m512i w = _mm512_maskz_loadu_epi8(r < rows ? mask : 0, weights + (size_t)(r < rows ? r : 0) * stride + c);

            sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_xor_si512(w, flip), factors);
        }
    }
    _mm512_mask_storeu_epi32(out, (__mmask16)((1u << rows) - 1u), _mm512_sub_epi32(add_up(sums), offset));
}

VNNI static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    const __m512i offset = _mm512_set1_epi32((int)(128u * sum_of(x, stride)));
    uint32_t row = 0;

    for (; row + ROWS <= rows; row += ROWS)
        rows_i8(out + row, weights + (size_t)row * stride, stride, ROWS, x, offset);
    if (row < rows)
        rows_i8(out + row, weights + (size_t)row * stride, stride, rows - row, x, offset);
}

/* ---- int4 ----
 * A 128-bit lane holds four columns, a word of eight nibbles each. Turned over like a matrix of 4 x 4 bytes, its
 * 32-bit part j has rows 2j (low nibbles) and 2j + 1 (high) of the four columns, side by side. High nibbles
 * are left where they are: their sums are 16 times as large. */

typedef struct {
    __m512i even, odd; /* 32-bit part j of each lane: row 2j, and 2j + 1 */
} block_sums;

/* The same 16 bytes, a byte number each, in all lanes. */
VNNI_INLINE __m512i in_all_lanes(char a, char b, char c, char d, char e, char f, char g, char h, char i, char j, char k,
                                 char l, char m, char n, char o, char p)
{
    return _mm512_broadcast_i32x4(_mm_setr_epi8(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p));
}

VNNI_INLINE __m512i load_words(const uint32_t *words)
{
    return _mm512_shuffle_epi8(_mm512_loadu_si512(words),
                               in_all_lanes(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

/* x of sixteen columns: those of the first four in all parts of the first lane, and so on. */
VNNI_INLINE __m512i load_columns(const int8_t *x)
{
    const __m512i places = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);

    return _mm512_permutexvar_epi32(places, _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)x)));
}

/* total += scale * (sums - what the offset of 8 adds to them). */
VNNI_INLINE void add_scaled(block_sums *total, const block_sums *sums, __m512i offset, const uint8_t *scales)
{
    const __m512i even = in_all_lanes(0, -1, -1, -1, 2, -1, -1, -1, 4, -1, -1, -1, 6, -1, -1, -1);
    const __m512i odd = in_all_lanes(1, -1, -1, -1, 3, -1, -1, -1, 5, -1, -1, -1, 7, -1, -1, -1);
    __m512i all = _mm512_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)(const void *)scales));
    __m512i low = _mm512_sub_epi32(sums->even, offset);
    __m512i high = _mm512_sub_epi32(_mm512_srai_epi32(sums->odd, 4), offset);

    total->even = _mm512_add_epi32(total->even, _mm512_mullo_epi32(low, _mm512_shuffle_epi8(all, even)));
    total->odd = _mm512_add_epi32(total->odd, _mm512_mullo_epi32(high, _mm512_shuffle_epi8(all, odd)));
}

/* Adds the columns first..end, of one group, to the totals. */
VNNI_INLINE void group_i4(block_sums *total, const uint32_t *weights, const uint8_t *scales, uint32_t columns,
                          uint32_t groups, uint32_t first, uint32_t end, uint32_t blocks, const int8_t *x)
{
    const __m512i low = _mm512_set1_epi8(0x0F), high = _mm512_set1_epi8(-16), eight = _mm512_set1_epi8(8);
    const __m512i zero = _mm512_setzero_si512();
    block_sums sums[BLOCKS] = {{zero, zero}, {zero, zero}};
    __m512i offset = zero;

    for (uint32_t c = first; c < end; c += 16u) {
        __m512i factors = load_columns(x + c);

        offset = _mm512_dpbusd_epi32(offset, eight, factors);
        for (uint32_t b = 0; b < blocks; b++) {
            __m512i words = load_words(weights + (size_t)b * columns + c);

            sums[b].even = _mm512_dpbusd_epi32(sums[b].even, _mm512_and_si512(words, low), factors);
            sums[b].odd = _mm512_dpbusd_epi32(sums[b].odd, _mm512_and_si512(words, high), factors);
        }
    }
    for (uint32_t b = 0; b < blocks; b++)
        add_scaled(&total[b], &sums[b], offset,
                   scales + ((size_t)b * groups + first / DOGBERRY_I4_GROUP) * DOGBERRY_I4_BLOCK);
}

/* The sum of the four lanes. */
VNNI_INLINE __m128i add_lanes(__m512i v)
{
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));

    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

VNNI_INLINE void blocks_i4(int32_t *out, const uint32_t *weights, const uint8_t *scales, uint32_t columns,
                           uint32_t blocks, const int8_t *x)
{
    const __m512i zero = _mm512_setzero_si512();
    uint32_t groups = (columns + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;
    block_sums total[BLOCKS] = {{zero, zero}, {zero, zero}};

    for (uint32_t first = 0; first < columns; first += DOGBERRY_I4_GROUP) {
        uint32_t left = columns - first, count = left < DOGBERRY_I4_GROUP ? left : DOGBERRY_I4_GROUP;

        group_i4(total, weights, scales, columns, groups, first, first + count, blocks, x);
    }
    for (uint32_t b = 0; b < blocks; b++, out += DOGBERRY_I4_BLOCK) {
        __m128i even = add_lanes(total[b].even), odd = add_lanes(total[b].odd);

        _mm_storeu_si128((__m128i *)(void *)out, _mm_unpacklo_epi32(even, odd));
        _mm_storeu_si128((__m128i *)(void *)(out + 4), _mm_unpackhi_epi32(even, odd));
    }
}

VNNI static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
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
 * halved. */

VNNI_INLINE __m512i rescale_sixteen(__m512i sums, __m512i scales)
{
    __m512i m = _mm512_and_si512(scales, _mm512_set1_epi32(0x7FFF)), one = _mm512_set1_epi32(1);
    __m512i less = _mm512_sub_epi32(_mm512_srli_epi32(scales, 16), one); /* s - 1 */
    __m512i even = _mm512_srav_epi64(_mm512_mul_epi32(sums, m), _mm512_maskz_mov_epi32(0x5555, less));
    __m512i odd = _mm512_srav_epi64(_mm512_mul_epi32(_mm512_srli_epi64(sums, 32), _mm512_srli_epi64(m, 32)),
                                    _mm512_srli_epi64(less, 32));
    __m512i both = _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, (_MM_PERM_ENUM)0xA0);

    return _mm512_srai_epi32(_mm512_add_epi32(both, one), 1);
}

VNNI static void rescale(int32_t *out, const int32_t *sums, const uint32_t *scales, const int16_t *bias, uint32_t count)
{
    uint32_t r = 0;

    for (; r + 16u <= count; r += 16u) {
        __m512i y = rescale_sixteen(_mm512_loadu_si512(sums + r), _mm512_loadu_si512(scales + r));

        if (bias != NULL)
            y = _mm512_add_epi32(y, _mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)(bias + r))));
        _mm512_storeu_si512(out + r, y);
    }
    if (r < count)
        dogberry_ref_rescale(out + r, sums + r, scales + r, bias != NULL ? bias + r : NULL, count - r);
}

const dogberry_kernels dogberry_kernels_avx512_vnni = {"avx512-vnni",
                                                       matvec_i8,
                                                       matvec_i4,
                                                       rescale,
                                                       dogberry_ref_take,
                                                       NULL,
                                                       DOGBERRY_TRANSFORMER_KERNELS(dogberry_avx512_transformer)};

#endif
