/*
 * The inner loop of all bfloat16 products, for the files nn/bf16*.c and nobody else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_BF16_KERNEL_H
#define DB_NN_BF16_KERNEL_H

#include "nn/bf16.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define DB_BF16_HERE 1

#include <assert.h>
#include <immintrin.h>

#define DB_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define DB_BF16_INLINE static inline __attribute__((always_inline)) DB_BF16_TARGET

/* Before a loop over rows: arrays of vectors stay in registers only where it is unrolled early. */
#define DB_BF16_UNROLLED _Pragma("GCC unroll 8")

/* Rows of a result that are computed at once. */
enum { DB_BF16_ROWS = 8 };

/* An operand that is broadcast: word (row, pair) is at row * row_step + pair * pair_step. */
typedef struct {
    const uint32_t *words;
    size_t row_step, pair_step;
} db_bf16_broadcast;

/* The lanes of a vector of 16 that are below `count`. */
DB_BF16_INLINE __mmask16 db_bf16_lanes(size_t count)
{
    return (__mmask16)(count >= 16 ? 0xFFFFu : (1u << count) - 1);
}

/* Cache lines of a panel of `pairs` pairs that each of `blocks` blocks is to fetch. */
static inline size_t db_bf16_lines_each(size_t pairs, size_t blocks)
{
    assert(blocks > 0);
    return (pairs * DB_BF16_PANEL / 16 + blocks - 1) / blocks;
}

/* Two rows of 16 floats as 16 pairs. */
DB_BF16_INLINE __m512i db_bf16_pair_up(__m512 low, __m512 high)
{
    const __m512i l = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
    const __m512i h = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
    return _mm512_or_si512(l, _mm512_slli_epi32(h, 16));
}

/* (lo, hi) [rows][32] += a [rows][pairs] * panel [pairs][32]; `rows` is a constant where this is inlined. The result
 * stays in registers; per pair there are one broadcast a row and two loads. */
DB_BF16_INLINE void db_bf16_accumulate(const size_t rows, size_t pairs, db_bf16_broadcast a, const uint32_t *panel,
                                       __m512 *lo, __m512 *hi)
{
    for (size_t p = 0; p < pairs; p++) {
        const __m512bh left = (__m512bh)_mm512_loadu_si512(panel + p * DB_BF16_PANEL);
        const __m512bh right = (__m512bh)_mm512_loadu_si512(panel + p * DB_BF16_PANEL + 16);
        DB_BF16_UNROLLED
        for (size_t r = 0; r < rows; r++) {
            const uint32_t word = a.words[r * a.row_step + p * a.pair_step];
            const __m512bh factor = (__m512bh)_mm512_set1_epi32((int)word);
            lo[r] = _mm512_dpbf16_ps(lo[r], factor, left);
            hi[r] = _mm512_dpbf16_ps(hi[r], factor, right);
        }
    }
}

#endif
#endif
