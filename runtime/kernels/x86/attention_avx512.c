/*
 * Attention for x86-64 processors with AVX-512 and VNNI: weights by a table that fits into registers; scores and sums
 * of values for heads of eight components, which many small models have. Compiles to nothing elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "tables.h"
#include "x86.h"

#if defined(__x86_64__) && !defined(DOGBERRY_NO_TRANSFORMER)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))
#define AVX512_INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vnni")))

enum { EXP_BITS = 24, HALVINGS_MAX = 25, QUARTERS = 4 };
enum { NARROW = 8, TOKENS = 16 }; /* components of a narrow head; tokens taken together */

/* The lanes of the first `count` of 16. */
AVX512_INLINE __mmask16 first(uint32_t count)
{
    return (__mmask16)(count >= 16u ? 0xFFFFu : (1u << count) - 1u);
}

/* ---- Scores of narrow heads, whose keys are one behind another ---- */

/* Keys 0..3, 4..7 and so on as 16-bit numbers, zeros from `left` on. Narrow ones have 64 bits each, wide ones 128. */
AVX512_INLINE void load_keys(__m512i keys[4], const void *from, uint32_t wide, uint32_t left)
{
    const int8_t *bytes = from;

    for (uint32_t i = 0; i < 4u && wide; i++)
        keys[i] = _mm512_maskz_loadu_epi32(first(left > 4u * i ? 4u * (left - 4u * i) : 0), bytes + 64u * i);
    for (uint32_t i = 0; i < 2u && !wide; i++) {
        __m512i eight = _mm512_maskz_loadu_epi64((__mmask8)(first(left) >> 8u * i), bytes + 64u * i);

        keys[2u * i] = _mm512_cvtepi8_epi16(_mm512_castsi512_si256(eight));
        keys[2u * i + 1u] = _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(eight, 1));
    }
}

/* The four parts of each 128-bit lane added up: lane l of v[i] is part 4 i + l of the result. */
AVX512_INLINE __m512i add_parts(const __m512i v[4])
{
    const __m512i places = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));

    return _mm512_permutexvar_epi32(places, _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)));
}

AVX512_INLINE __m512i score_tokens(const void *from, uint32_t wide, uint32_t left, __m512i query)
{
    __m512i products[4];

    load_keys(products, from, wide, left);
    for (uint32_t i = 0; i < 4u; i++)
        products[i] = _mm512_madd_epi16(products[i], query);
    return add_parts(products);
}

AVX512_INLINE int32_t score_narrow(int32_t *scores, const int32_t *query, const void *keys, uint32_t wide,
                                   uint32_t count)
{
    __m128i low = _mm_loadu_si128((const void *)query), high = _mm_loadu_si128((const void *)(query + 4));
    __m512i factors = _mm512_broadcast_i32x4(_mm_packs_epi32(low, high)), most = _mm512_set1_epi32(INT32_MIN);
    const uint32_t row = wide ? 2u * NARROW : NARROW;
    const int8_t *from = keys;

    for (; count >= TOKENS; count -= TOKENS, scores += TOKENS, from += (size_t)row * TOKENS) {
        __m512i some = score_tokens(from, wide, TOKENS, factors);

        most = _mm512_max_epi32(most, some);
        _mm512_storeu_si512(scores, some);
    }
    if (count > 0) {
        __m512i some = score_tokens(from, wide, count, factors);

        most = _mm512_mask_max_epi32(most, first(count), most, some);
        _mm512_mask_storeu_epi32(scores, first(count), some);
    }
    return _mm512_reduce_max_epi32(most);
}

AVX512 static int32_t scores_i8(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride,
                                uint32_t count, uint32_t width)
{
    if (width != NARROW || stride != NARROW)
        return dogberry_avx2_scores_i8(scores, query, keys, stride, count, width);
    return score_narrow(scores, query, keys, 0, count);
}

AVX512 static int32_t scores_i16(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride,
                                 uint32_t count, uint32_t width)
{
    if (width != NARROW || stride != NARROW)
        return dogberry_avx2_scores_i16(scores, query, keys, stride, count, width);
    return score_narrow(scores, query, keys, 1, count);
}

/* ---- Weights ---- */

/* The table's entries 0..63, and what each is above the next. */
typedef struct {
    __m512i high[QUARTERS], down[QUARTERS];
} exp2_table;

AVX512_INLINE exp2_table load_table(void)
{
    exp2_table table;

    for (uint32_t q = 0; q < QUARTERS; q++) {
        table.high[q] = _mm512_loadu_si512(dogberry_exp2_table + 16u * q);
        table.down[q] = _mm512_sub_epi32(table.high[q], _mm512_loadu_si512(dogberry_exp2_table + 16u * q + 1u));
    }
    return table;
}

/* Entries by index: its bits 0..4 choose within two quarters, bit 5 which two; the others do not matter. */
AVX512_INLINE __m512i look_up(const __m512i entries[QUARTERS], __m512i index)
{
    __mmask16 upper = _mm512_test_epi32_mask(index, _mm512_set1_epi32(32));
    __m512i lower = _mm512_permutex2var_epi32(entries[0], index, entries[1]);
    __m512i higher = _mm512_permutex2var_epi32(entries[2], index, entries[3]);

    return _mm512_mask_mov_epi32(lower, upper, higher);
}

/* Halvings as dogberry_exp2() takes them, its result rounded once more to `drop` bits less, of sixteen. With t = 2 v >>
 * n the first rounding gives (t + 1) >> 1, for n = 0 too, and both together (t + 1 + 2^drop) >> (drop + 1). */
AVX512_INLINE __m512i weights_of(const exp2_table *table, __m512i halvings, __m512i round, __m128i drop)
{
    __m512i index = _mm512_srli_epi32(halvings, 20);
    __m512i place = _mm512_and_si512(_mm512_srli_epi32(halvings, 8), _mm512_set1_epi32(4095));
    __m512i down = _mm512_mullo_epi32(look_up(table->down, index), place);
    __m512i value = _mm512_sub_epi32(look_up(table->high, index),
                                     _mm512_srli_epi32(_mm512_add_epi32(down, _mm512_set1_epi32(2048)), 12));
    __m512i twice = _mm512_srlv_epi32(_mm512_slli_epi32(value, 1), _mm512_srli_epi32(halvings, 26));

    return _mm512_srl_epi32(_mm512_add_epi32(twice, round), drop);
}

AVX512 static uint32_t weigh(int32_t *scores, uint32_t count, int32_t most, uint32_t frac, uint32_t bits)
{
    const __m128i drop = _mm_cvtsi32_si128((int)(EXP_BITS - bits + 1u)), shift = _mm_cvtsi32_si128((int)(26u - frac));
    const __m512i round = _mm512_set1_epi32((int)((1u << (EXP_BITS - bits)) + 1u)), best = _mm512_set1_epi32(most);
    const __m512i reach = _mm512_set1_epi32((int)((uint32_t)HALVINGS_MAX << frac));
    const exp2_table table = load_table();
    __m512i total = _mm512_setzero_si512();

    for (uint32_t j = 0; j < count; j += TOKENS) {
        __mmask16 lanes = first(count - j);
        __m512i below = _mm512_sub_epi32(best, _mm512_maskz_loadu_epi32(lanes, scores + j));
        __mmask16 within = _mm512_mask_cmplt_epu32_mask(lanes, below, reach);
        __m512i weight = weights_of(&table, _mm512_sll_epi32(below, shift), round, drop);

        weight = _mm512_maskz_mov_epi32(within, weight);
        total = _mm512_add_epi32(total, weight);
        if (count - j >= TOKENS) /* a store of all is faster */
            _mm512_storeu_si512(scores + j, weight);
        else
            _mm512_mask_storeu_epi32(scores + j, lanes, weight);
    }
    return (uint32_t)_mm512_reduce_add_epi32(total);
}

/* ---- Sums of values of narrow heads, whose values are one behind another ----
 * A weight has three bytes, and each makes a sum of its own. A product takes four tokens: for each component their
 * values, side by side, and one byte of the weights of each. */

/* Each 128-bit lane's 4 x 4 bytes turned over. */
AVX512_INLINE __m512i turn(__m512i v)
{
    return _mm512_shuffle_epi8(
        v, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)));
}

/* Values of eight tokens: components 0..7 of the first four in parts 0..7, of the others in 8..15. */
AVX512_INLINE __m512i load_values(const int8_t *values, __mmask8 tokens)
{
    const __m512i places = _mm512_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);

    return turn(_mm512_permutexvar_epi32(places, _mm512_maskz_loadu_epi64(tokens, values)));
}

/* Adds `left` tokens, TOKENS at most: byte b of the weights of the first eight to sums[0][b], of the others to [1][b].
 */
AVX512_INLINE void mix_tokens(__m512i sums[2][3], const int32_t *weights, const int8_t *values, uint32_t left)
{
    const __m512i fours = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4);
    __m512i bytes = turn(_mm512_maskz_loadu_epi32(first(left), weights));

    for (uint32_t i = 0; i < 2u; i++) {
        __m512i eight = load_values(values + 8u * NARROW * i, (__mmask8)(first(left) >> 8u * i));

        for (uint32_t b = 0; b < 3u; b++) {
            __m512i places = _mm512_add_epi32(fours, _mm512_set1_epi32((int)(8u * i + b)));

            sums[i][b] = _mm512_dpbusd_epi32(sums[i][b], _mm512_permutexvar_epi32(places, bytes), eight);
        }
    }
}

AVX512 static void mix_narrow(int32_t *out, const int32_t *weights, const int8_t *values, uint32_t count)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i sums[2][3] = {{zero, zero, zero}, {zero, zero, zero}}, sum = zero;

    for (; count >= TOKENS; count -= TOKENS, weights += TOKENS, values += TOKENS * NARROW)
        mix_tokens(sums, weights, values, TOKENS);
    if (count > 0)
        mix_tokens(sums, weights, values, count);
    for (uint32_t b = 3u; b-- > 0;)
        sum = _mm512_add_epi32(_mm512_slli_epi32(sum, 8), _mm512_add_epi32(sums[0][b], sums[1][b]));
    _mm256_storeu_si256((void *)out, _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1)));
}

/* ---- Sums of values of other heads ---- */

/* Eight components of two tokens. */
AVX512_INLINE __m512i load_two(const int8_t *values, uint32_t stride)
{
    __m128i first = _mm_loadl_epi64((const void *)values);

    return _mm512_cvtepi8_epi32(_mm_unpacklo_epi64(first, _mm_loadl_epi64((const void *)(values + stride))));
}

/* Eight components' sums, `values` from the first of them on: even tokens' in the lower half, odd ones' in the upper.
 */
AVX512_INLINE void mix_eight(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride,
                             uint32_t count)
{
    __m512i sum = _mm512_setzero_si512();
    __m256i both;
    uint32_t j = 0;

    for (; j + 2u <= count; j += 2u, values += 2u * (size_t)stride) {
        __m512i weight = _mm512_mask_set1_epi32(_mm512_set1_epi32(weights[j]), 0xFF00, weights[j + 1u]);

        sum = _mm512_add_epi32(sum, _mm512_mullo_epi32(weight, load_two(values, stride)));
    }
    both = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    if (j < count) {
        __m256i last = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)values));

        both = _mm256_add_epi32(both, _mm256_mullo_epi32(_mm256_set1_epi32(weights[j]), last));
    }
    _mm256_storeu_si256((void *)sums, both);
}

AVX512 static void mix_i8(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride, uint32_t count,
                          uint32_t width)
{
    uint32_t c = 0;

    if (width == NARROW && stride == NARROW) {
        mix_narrow(sums, weights, values, count);
        return;
    }
    for (; c + 8u <= width; c += 8u)
        mix_eight(sums + c, weights, values + c, stride, count);
    if (c < width)
        dogberry_avx2_mix_i8(sums + c, weights, values + c, stride, count, width - c);
}

const dogberry_transformer_kernels dogberry_avx512_transformer = {
    scores_i8, scores_i16, weigh, mix_i8, dogberry_avx2_swiglu, dogberry_ref_add_columns, dogberry_ref_share};

#endif
