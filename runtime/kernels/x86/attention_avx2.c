/*
 * Attention and the gate for x86-64 processors with AVX2. Compiles to nothing elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "tables.h"
#include "x86.h"

#if defined(__x86_64__) && !defined(DOGBERRY_NO_TRANSFORMER)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

enum { KEYS = 8, WIDEST = 256, EXP_BITS = 24, HALVINGS_MAX = 25 };

/* ---- Scores ----
 * Products of 16-bit numbers: nothing saturates, two of 2^15 * 2^7 or of 2^11 * 2^11 are far from 2^31. */

/* Keys of 8 bits, or of 16, from one component on. */
typedef struct {
    const uint8_t *bytes;
    size_t stride; /* in bytes */
    uint32_t wide;
} key_rows;

/* Four or eight components of key `j` as 16-bit numbers, zeros behind four. */
AVX2_INLINE __m128i load_key(const key_rows *keys, size_t j, uint32_t c, uint32_t components)
{
    const void *at = keys->bytes + j * keys->stride + (keys->wide ? 2u * c : c);

    if (keys->wide)
        return components == 8u ? _mm_loadu_si128(at) : _mm_loadl_epi64(at);
    return _mm_cvtepi8_epi16(components == 8u ? _mm_loadl_epi64(at) : _mm_loadu_si32(at));
}

/* sums[i] += the products of some components of key j + i (low lane) and of key j + 4 + i (high lane). */
AVX2_INLINE void add_components(__m256i sums[KEYS / 2], const key_rows *keys, size_t j, uint32_t c, uint32_t components,
                                const int16_t *query)
{
    __m256i factors = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(query + c)));

    for (uint32_t i = 0; i < KEYS / 2; i++) {
        __m256i both =
            _mm256_setr_m128i(load_key(keys, j + i, c, components), load_key(keys, j + KEYS / 2 + i, c, components));

        sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(both, factors));
    }
}

/* Scores of KEYS keys from j on; the query has zeros behind `width`, which is a multiple of four. */
AVX2_INLINE __m256i score_keys(const key_rows *keys, size_t j, uint32_t width, const int16_t *query)
{
    __m256i sums[KEYS / 2] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                              _mm256_setzero_si256()};
    uint32_t c = 0;

    for (; c + 8u <= width; c += 8u)
        add_components(sums, keys, j, c, 8, query);
    if (c < width)
        add_components(sums, keys, j, c, 4, query);
    return _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
}

AVX2_INLINE int32_t highest(__m256i v)
{
    __m128i most = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

    most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0x4E));
    most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0xB1));
    return _mm_cvtsi128_si32(most);
}

/* Scores whole groups of KEYS. Returns how many keys that were, and the highest score of them. */
AVX2_INLINE uint32_t score_groups(int32_t *scores, const int32_t *query, const key_rows *keys, uint32_t count,
                                  uint32_t width, int32_t *most)
{
    int16_t narrow[WIDEST + 8];
    __m256i best = _mm256_set1_epi32(INT32_MIN);
    uint32_t j = 0;

    if (width % 4u != 0)
        return 0;
    for (uint32_t c = 0; c < width + 8u; c++)
        narrow[c] = (int16_t)(c < width ? query[c] : 0);
    for (; j + KEYS <= count; j += KEYS) {
        __m256i eight = score_keys(keys, j, width, narrow);

        best = _mm256_max_epi32(best, eight);
        _mm256_storeu_si256((void *)(scores + j), eight);
    }
    *most = highest(best);
    return j;
}

AVX2 int32_t dogberry_avx2_scores_i8(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride,
                                     uint32_t count, uint32_t width)
{
    key_rows rows = {(const uint8_t *)keys, stride, 0};
    int32_t most = INT32_MIN, rest;
    uint32_t done = score_groups(scores, query, &rows, count, width, &most);

    if (done == count)
        return most;
    rest = dogberry_ref_scores_i8(scores + done, query, keys + (size_t)done * stride, stride, count - done, width);
    return rest > most ? rest : most;
}

AVX2 int32_t dogberry_avx2_scores_i16(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride,
                                      uint32_t count, uint32_t width)
{
    key_rows rows = {(const uint8_t *)keys, 2u * (size_t)stride, 1};
    int32_t most = INT32_MIN, rest;
    uint32_t done = score_groups(scores, query, &rows, count, width, &most);

    if (done == count)
        return most;
    rest = dogberry_ref_scores_i16(scores + done, query, keys + (size_t)done * stride, stride, count - done, width);
    return rest > most ? rest : most;
}

/* ---- Weights ---- */

/* dogberry_exp2() of eight. */
AVX2_INLINE __m256i exp2_of(__m256i halvings)
{
    const int *table = (const int *)(const void *)dogberry_exp2_table;
    __m256i whole = _mm256_srli_epi32(halvings, 26), one = _mm256_set1_epi32(1);
    __m256i index = _mm256_and_si256(_mm256_srli_epi32(halvings, 20), _mm256_set1_epi32(63));
    __m256i place = _mm256_and_si256(_mm256_srli_epi32(halvings, 8), _mm256_set1_epi32(4095));
    __m256i high = _mm256_i32gather_epi32(table, index, 4);
    __m256i low = _mm256_i32gather_epi32(table, _mm256_add_epi32(index, one), 4);
    __m256i down = _mm256_mullo_epi32(_mm256_sub_epi32(high, low), place);
    __m256i value = _mm256_sub_epi32(high, _mm256_srli_epi32(_mm256_add_epi32(down, _mm256_set1_epi32(2048)), 12));
    __m256i half = _mm256_srli_epi32(_mm256_sllv_epi32(one, whole), 1);

    return _mm256_srlv_epi32(_mm256_add_epi32(value, half), whole);
}

AVX2 static uint32_t weigh(int32_t *scores, uint32_t count, int32_t most, uint32_t frac, uint32_t bits)
{
    const __m128i drop = _mm_cvtsi32_si128((int)(EXP_BITS - bits)), shift = _mm_cvtsi32_si128((int)(26u - frac));
    const __m256i half = _mm256_set1_epi32((int)(1u << (EXP_BITS - bits - 1u)));
    const __m256i last = _mm256_set1_epi32((int)(((uint32_t)HALVINGS_MAX << frac) - 1u)),
                  best = _mm256_set1_epi32(most);
    __m256i total = _mm256_setzero_si256();
    uint32_t j = 0, sum = 0, lanes[8];

    for (; j + 8u <= count; j += 8u) {
        __m256i below = _mm256_sub_epi32(best, _mm256_loadu_si256((const void *)(scores + j)));
        __m256i within = _mm256_cmpeq_epi32(_mm256_min_epu32(below, last), below);
        __m256i weight = _mm256_add_epi32(exp2_of(_mm256_sll_epi32(below, shift)), half);

        weight = _mm256_and_si256(_mm256_srl_epi32(weight, drop), within);
        total = _mm256_add_epi32(total, weight);
        _mm256_storeu_si256((void *)(scores + j), weight);
    }
    _mm256_storeu_si256((void *)lanes, total);
    for (uint32_t l = 0; l < 8u; l++)
        sum += lanes[l];
    return j == count ? sum : sum + dogberry_ref_weigh(scores + j, count - j, most, frac, bits);
}

/* ---- Sums of values ---- */

/* Eight or four components, `values` from the first of them on. */
AVX2_INLINE void mix_components(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride,
                                uint32_t count, uint32_t components)
{
    __m256i sum = _mm256_setzero_si256();

    for (uint32_t j = 0; j < count; j++, values += stride) {
        __m128i bytes = components == 8u ? _mm_loadl_epi64((const void *)values) : _mm_loadu_si32(values);
        __m256i weight = _mm256_set1_epi32(weights[j]);

        sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(weight, _mm256_cvtepi8_epi32(bytes)));
    }
    if (components == 8u)
        _mm256_storeu_si256((void *)sums, sum);
    else
        _mm_storeu_si128((void *)sums, _mm256_castsi256_si128(sum));
}

AVX2 void dogberry_avx2_mix_i8(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride,
                               uint32_t count, uint32_t width)
{
    uint32_t c = 0;

    for (; c + 8u <= width; c += 8u)
        mix_components(sums + c, weights, values + c, stride, count, 8);
    if (c + 4u <= width) {
        mix_components(sums + c, weights, values + c, stride, count, 4);
        c += 4u;
    }
    if (c < width)
        dogberry_ref_mix_i8(sums + c, weights, values + c, stride, count, width - c);
}

/* ---- The gate ---- */

AVX2_INLINE __m256i saturate(__m256i x, int32_t limit)
{
    return _mm256_max_epi32(_mm256_min_epi32(x, _mm256_set1_epi32(limit - 1)), _mm256_set1_epi32(-limit));
}

AVX2_INLINE __m256i round_shift(__m256i x, int shift)
{
    return _mm256_srai_epi32(_mm256_add_epi32(x, _mm256_set1_epi32(1 << (shift - 1))), shift);
}

/* dogberry_sigmoid() of eight. A pair of 16-bit entries is one 32-bit word of the table. */
AVX2_INLINE __m256i sigmoid_of(__m256i x)
{
    __m256i magnitude = _mm256_min_epi32(_mm256_abs_epi32(x), _mm256_set1_epi32(32767));
    __m256i index = _mm256_srli_epi32(magnitude, 7), place = _mm256_and_si256(magnitude, _mm256_set1_epi32(127));
    __m256i pair = _mm256_i32gather_epi32((const int *)(const void *)dogberry_sigmoid_table, index, 2);
    __m256i low = _mm256_and_si256(pair, _mm256_set1_epi32(0xFFFF)), high = _mm256_srli_epi32(pair, 16);
    __m256i y = _mm256_add_epi32(low, round_shift(_mm256_mullo_epi32(_mm256_sub_epi32(high, low), place), 7));

    return _mm256_blendv_epi8(y, _mm256_sub_epi32(_mm256_set1_epi32(32768), y), _mm256_srai_epi32(x, 31));
}

AVX2 void dogberry_avx2_swiglu(int8_t *out, const int32_t *gates, const int32_t *ups, uint32_t count)
{
    uint32_t i = 0;

    for (; i + 8u <= count; i += 8u) {
        __m256i gate = saturate(_mm256_loadu_si256((const void *)(gates + i)), 32768);
        __m256i up = saturate(_mm256_loadu_si256((const void *)(ups + i)), 32768);
        __m256i open = sigmoid_of(saturate(_mm256_add_epi32(gate, gate), 32768));
        __m256i y = round_shift(_mm256_mullo_epi32(round_shift(_mm256_mullo_epi32(gate, open), 15), up), 14);
        __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));

        _mm_storel_epi64((void *)(out + i), _mm_packs_epi16(words, words));
    }
    if (i < count)
        dogberry_ref_swiglu(out + i, gates + i, ups + i, count - i);
}

const dogberry_transformer_kernels dogberry_avx2_transformer = {
    dogberry_avx2_scores_i8,  dogberry_avx2_scores_i16, weigh, dogberry_avx2_mix_i8, dogberry_avx2_swiglu,
    dogberry_ref_add_columns, dogberry_ref_share};

#endif
