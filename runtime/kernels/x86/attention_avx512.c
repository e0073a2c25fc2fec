/*
 * Attention's weights for x86-64 processors with AVX-512: their table fits into registers. Compiles to nothing
 * elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "tables.h"
#include "x86.h"

#if defined(__x86_64__) && !defined(DOGBERRY_NO_TRANSFORMER)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f")))
#define AVX512_INLINE static inline __attribute__((always_inline, target("avx512f")))

enum { EXP_BITS = 24, HALVINGS_MAX = 25, QUARTERS = 4 };

/* The table's entries 0..63 and 1..64. */
typedef struct {
    __m512i high[QUARTERS], low[QUARTERS];
} exp2_table;

AVX512_INLINE exp2_table load_table(void)
{
    exp2_table table;

    for (uint32_t q = 0; q < QUARTERS; q++) {
        table.high[q] = _mm512_loadu_si512(dogberry_exp2_table + 16u * q);
        table.low[q] = _mm512_loadu_si512(dogberry_exp2_table + 16u * q + 1u);
    }
    return table;
}

/* Entries by index: its bits 0..4 choose within two quarters, bit 5 which two. */
AVX512_INLINE __m512i look_up(const __m512i entries[QUARTERS], __m512i index)
{
    __mmask16 upper = _mm512_test_epi32_mask(index, _mm512_set1_epi32(32));
    __m512i first = _mm512_permutex2var_epi32(entries[0], index, entries[1]);
    __m512i second = _mm512_permutex2var_epi32(entries[2], index, entries[3]);

    return _mm512_mask_mov_epi32(first, upper, second);
}

/* dogberry_exp2() of sixteen. */
AVX512_INLINE __m512i exp2_of(const exp2_table *table, __m512i halvings)
{
    __m512i whole = _mm512_srli_epi32(halvings, 26), one = _mm512_set1_epi32(1);
    __m512i index = _mm512_and_si512(_mm512_srli_epi32(halvings, 20), _mm512_set1_epi32(63));
    __m512i place = _mm512_and_si512(_mm512_srli_epi32(halvings, 8), _mm512_set1_epi32(4095));
    __m512i high = look_up(table->high, index), low = look_up(table->low, index);
    __m512i down = _mm512_mullo_epi32(_mm512_sub_epi32(high, low), place);
    __m512i value = _mm512_sub_epi32(high, _mm512_srli_epi32(_mm512_add_epi32(down, _mm512_set1_epi32(2048)), 12));
    __m512i half = _mm512_srli_epi32(_mm512_sllv_epi32(one, whole), 1);

    return _mm512_srlv_epi32(_mm512_add_epi32(value, half), whole);
}

AVX512 static uint32_t weigh(int32_t *scores, uint32_t count, int32_t most, uint32_t frac, uint32_t bits)
{
    const __m128i drop = _mm_cvtsi32_si128((int)(EXP_BITS - bits)), shift = _mm_cvtsi32_si128((int)(26u - frac));
    const __m512i half = _mm512_set1_epi32((int)(1u << (EXP_BITS - bits - 1u))), best = _mm512_set1_epi32(most);
    const __m512i reach = _mm512_set1_epi32((int)((uint32_t)HALVINGS_MAX << frac));
    const exp2_table table = load_table();
    __m512i total = _mm512_setzero_si512();

    for (uint32_t j = 0; j < count; j += 16u) {
        __mmask16 lanes = (__mmask16)(count - j >= 16u ? 0xFFFFu : (1u << (count - j)) - 1u);
        __m512i below = _mm512_sub_epi32(best, _mm512_maskz_loadu_epi32(lanes, scores + j));
        __mmask16 within = _mm512_mask_cmplt_epu32_mask(lanes, below, reach);
        __m512i weight = _mm512_add_epi32(exp2_of(&table, _mm512_sll_epi32(below, shift)), half);

        weight = _mm512_maskz_mov_epi32(within, _mm512_srl_epi32(weight, drop));
        total = _mm512_add_epi32(total, weight);
        _mm512_mask_storeu_epi32(scores + j, lanes, weight);
    }
    return (uint32_t)_mm512_reduce_add_epi32(total);
}

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

    for (; c + 8u <= width; c += 8u)
        mix_eight(sums + c, weights, values + c, stride, count);
    if (c < width)
        dogberry_avx2_mix_i8(sums + c, weights, values + c, stride, count, width - c);
}

const dogberry_transformer_kernels dogberry_avx512_transformer = {
    dogberry_avx2_scores_i8,  dogberry_avx2_scores_i16, weigh, mix_i8, dogberry_avx2_swiglu,
    dogberry_ref_add_columns, dogberry_ref_share};

#endif
