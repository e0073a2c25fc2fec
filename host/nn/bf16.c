/*
 * bfloat16 products by AVX512-BF16.
 *
 * One kernel (nn/bf16_kernel.h): 8 rows by 32 columns of the result stay in 16 registers while pairs are
 * multiplied and added.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/bf16.h"

#include <assert.h>

#include "nn/bf16_kernel.h"

size_t db_bf16_rows_words(size_t m, size_t k)
{
    return m * ((k + 1) / 2);
}

size_t db_bf16_panels_words(size_t k, size_t n)
{
    return (n + DB_BF16_PANEL - 1) / DB_BF16_PANEL * DB_BF16_PANEL * ((k + 1) / 2);
}

#ifdef DB_BF16_HERE

/* Pairs that are summed over at a time: a panel of so many, and the words it is multiplied by, stay in the first-level
 * cache. */
enum { PAIRS = 256 };

bool db_bf16_available(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
}

/* ---- Packing ---- */

DB_BF16_TARGET void db_bf16_pack_rows(size_t m, size_t k, const float *x, uint32_t *rows)
{
    const size_t words = (k + 1) / 2;
    for (size_t i = 0; i < m; i++) {
        const float *row = x + i * k;
        uint16_t *to = (uint16_t *)(rows + i * words);
        for (size_t j = 0; j < k; j += 16) {
            const __mmask16 mask = db_bf16_lanes(k - j);
            const __m256i half = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, row + j));
            /* One more than there are where k is odd: the zero that completes the pair. */
            _mm256_mask_storeu_epi16(to + j, db_bf16_lanes(2 * words - j), half);
        }
    }
}

/* Pairs that are packed into a panel before the next one's turn: what is written lies together. */
enum { PAIRS_AT_ONCE = 16 };

DB_BF16_TARGET void db_bf16_pack_panels(size_t k, size_t n, const float *x, uint32_t *panels)
{
    const size_t pairs = (k + 1) / 2;
    for (size_t from = 0; from < pairs; from += PAIRS_AT_ONCE) {
        const size_t end = pairs - from < PAIRS_AT_ONCE ? pairs : from + PAIRS_AT_ONCE;
        for (size_t j = 0; j < n; j += DB_BF16_PANEL) {
            const __mmask16 lo = db_bf16_lanes(n - j), hi = n - j > 16 ? db_bf16_lanes(n - j - 16) : 0;
            for (size_t p = from; p < end; p++) {
                const float *low = x + 2 * p * n + j, *high = low + n;
                const bool both = 2 * p + 1 < k;
                uint32_t *to = panels + j * pairs + p * DB_BF16_PANEL;
                const __m512 a = _mm512_maskz_loadu_ps(lo, low), b = _mm512_maskz_loadu_ps(both ? lo : 0, high);
                const __m512 c = _mm512_maskz_loadu_ps(hi, low + 16),
                             d = _mm512_maskz_loadu_ps(both ? hi : 0, high + 16);
                _mm512_storeu_si512(to, db_bf16_pair_up(a, b));
                _mm512_storeu_si512(to + 16, db_bf16_pair_up(c, d));
            }
        }
    }
}

/* Rows of 16 pairs, turned: column i of 16 rows is what the first `count` rows of a panel get. */
DB_BF16_TARGET static void transpose(__m512i rows[16], size_t count, uint32_t *words)
{
    __m512i turned[16], columns[16];
    DB_BF16_UNROLLED
    for (size_t i = 0; i < 16; i += 2) {
        turned[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        turned[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    /* Quarter q of rows[i + j] becomes column 4 q + j of rows i to i + 3. */
    DB_BF16_UNROLLED
    for (size_t i = 0; i < 16; i += 4) {
        rows[i] = _mm512_unpacklo_epi64(turned[i], turned[i + 2]);
        rows[i + 1] = _mm512_unpackhi_epi64(turned[i], turned[i + 2]);
        rows[i + 2] = _mm512_unpacklo_epi64(turned[i + 1], turned[i + 3]);
        rows[i + 3] = _mm512_unpackhi_epi64(turned[i + 1], turned[i + 3]);
    }
    DB_BF16_UNROLLED
    for (size_t j = 0; j < 4; j++) {
        const __m512i even = _mm512_shuffle_i32x4(rows[j], rows[j + 4], 0x88);
        const __m512i odd = _mm512_shuffle_i32x4(rows[j], rows[j + 4], 0xDD);
        const __m512i even_below = _mm512_shuffle_i32x4(rows[j + 8], rows[j + 12], 0x88);
        const __m512i odd_below = _mm512_shuffle_i32x4(rows[j + 8], rows[j + 12], 0xDD);
        columns[j] = _mm512_shuffle_i32x4(even, even_below, 0x88);
        columns[j + 4] = _mm512_shuffle_i32x4(odd, odd_below, 0x88);
        columns[j + 8] = _mm512_shuffle_i32x4(even, even_below, 0xDD);
        columns[j + 12] = _mm512_shuffle_i32x4(odd, odd_below, 0xDD);
    }
    for (size_t i = 0; i < count; i++) {
        _mm512_storeu_si512(words + i * DB_BF16_PANEL, columns[i]);
    }
}

DB_BF16_TARGET void db_bf16_pack_panels_transposed(size_t n, size_t k, const float *x, uint32_t *panels)
{
    const size_t pairs = (k + 1) / 2, padded = (n + DB_BF16_PANEL - 1) / DB_BF16_PANEL * DB_BF16_PANEL;
    for (size_t r = 0; r < padded; r += 16) {
        uint32_t *panel = panels + r / DB_BF16_PANEL * DB_BF16_PANEL * pairs + r % DB_BF16_PANEL;
        for (size_t p = 0; p < pairs; p += 16) {
            __m512i rows[16];
            for (size_t i = 0; i < 16; i++) {
                const size_t left = r + i < n ? k - 2 * p : 0;
                const float *from = x + (left > 0 ? (r + i) * k + 2 * p : 0);
                const __m512 low = _mm512_maskz_loadu_ps(db_bf16_lanes(left), from);
                const __m512 high = _mm512_maskz_loadu_ps(left > 16 ? db_bf16_lanes(left - 16) : 0, from + 16);
                rows[i] = (__m512i)_mm512_cvtne2ps_pbh(high, low);
            }
            transpose(rows, pairs - p < 16 ? pairs - p : 16, panel + p * DB_BF16_PANEL);
        }
    }
}

/* ---- Products ---- */

typedef struct {
    float *at;
    size_t step;      /* from row to row */
    __mmask16 lo, hi; /* columns that exist */
    db_bf16_start start;
    const float *bias;
    const uint32_t *soon; /* what will be read soon: each block fetches `lines` cache lines of it */
    size_t lines;
} result;

/* `rows` (a constant where this is inlined) rows by one panel. What is added to is fetched meanwhile, and added last.
 */
DB_BF16_INLINE void kernel(const size_t rows, size_t pairs, db_bf16_broadcast a, const uint32_t *panel,
                           const result *to)
{
    const result c = *to;
    const __mmask16 add_lo = c.start == DB_BF16_ADD ? c.lo : 0, add_hi = c.start == DB_BF16_ADD ? c.hi : 0;
    __m512 lo[DB_BF16_ROWS], hi[DB_BF16_ROWS];
    lo[0] = c.start == DB_BF16_BIAS ? _mm512_maskz_loadu_ps(c.lo, c.bias) : _mm512_setzero_ps();
    hi[0] = c.start == DB_BF16_BIAS ? _mm512_maskz_loadu_ps(c.hi, c.bias + 16) : _mm512_setzero_ps();
    DB_BF16_UNROLLED
    for (size_t r = 0; r < rows; r++) {
        lo[r] = lo[0];
        hi[r] = hi[0];
        _mm_prefetch(c.at + r * c.step, _MM_HINT_T0);
        _mm_prefetch(c.at + r * c.step + 16, _MM_HINT_T0);
    }
    for (size_t l = 0; l < c.lines; l++) {
        _mm_prefetch(c.soon + l * 16, _MM_HINT_T0);
    }
    db_bf16_accumulate(rows, pairs, a, panel, lo, hi);
    DB_BF16_UNROLLED
    for (size_t r = 0; r < rows; r++) {
        float *row = c.at + r * c.step;
        _mm512_mask_storeu_ps(row, c.lo, _mm512_add_ps(lo[r], _mm512_maskz_loadu_ps(add_lo, row)));
        _mm512_mask_storeu_ps(row + 16, c.hi, _mm512_add_ps(hi[r], _mm512_maskz_loadu_ps(add_hi, row + 16)));
    }
}

DB_BF16_TARGET static void block(size_t rows, size_t pairs, db_bf16_broadcast a, const uint32_t *panel, const result *c)
{
    switch (rows) {
    case 8:
        kernel(8, pairs, a, panel, c);
        break;
    case 7:
        kernel(7, pairs, a, panel, c);
        break;
    case 6:
        kernel(6, pairs, a, panel, c);
        break;
    case 5:
        kernel(5, pairs, a, panel, c);
        break;
    case 4:
        kernel(4, pairs, a, panel, c);
        break;
    case 3:
        kernel(3, pairs, a, panel, c);
        break;
    case 2:
        kernel(2, pairs, a, panel, c);
        break;
    default:
        assert(rows == 1);
        kernel(1, pairs, a, panel, c);
    }
}

static result result_at(size_t n, size_t column, db_bf16_start start, const float *bias, float *c)
{
    const size_t left = n - column;
    return (result){.at = c + column,
                    .step = n,
                    .lo = (__mmask16)(left >= 16 ? 0xFFFFu : (1u << left) - 1),
                    .hi = (__mmask16)(left >= 32  ? 0xFFFFu
                                      : left > 16 ? (1u << (left - 16)) - 1
                                                  : 0),
                    .start = start,
                    .bias = bias != NULL ? bias + column : NULL}; /* read only for DB_BF16_BIAS */
}

void db_bf16_parts(size_t m, size_t n, size_t pairs, db_bf16_part rows, db_bf16_part panels, db_bf16_start start,
                   const float *bias, float *c)
{
    for (size_t j = 0; j < n; j += DB_BF16_PANEL) {
        const uint32_t *panel = panels.words + j / DB_BF16_PANEL * panels.stride;
        result to = result_at(n, j, start, bias, c);
        to.lines = db_bf16_lines_each(pairs, (m + DB_BF16_ROWS - 1) / DB_BF16_ROWS);
        to.soon = panel + panels.stride;
        for (size_t i = 0; i < m; i += DB_BF16_ROWS, to.at += DB_BF16_ROWS * n, to.soon += to.lines * 16) {
            const db_bf16_broadcast a = {rows.words + i * rows.stride, rows.stride, 1};
            block(m - i < DB_BF16_ROWS ? m - i : DB_BF16_ROWS, pairs, a, panel, &to);
        }
    }
}

void db_bf16_rows_panels(size_t m, size_t n, size_t k, const uint32_t *rows, const uint32_t *panels,
                         db_bf16_start start, const float *bias, float *c)
{
    const size_t pairs = (k + 1) / 2;
    db_bf16_parts(m, n, pairs, (db_bf16_part){rows, pairs}, (db_bf16_part){panels, pairs * DB_BF16_PANEL}, start, bias,
                  c);
}

/* c [m][n], a panel of a's high, += the product of one panel of a and all of b, over some pairs. */
static void panel_panels(size_t m, size_t n, size_t pairs, db_bf16_part a, db_bf16_part b, db_bf16_start start,
                         float *c)
{
    const size_t blocks = (m + DB_BF16_ROWS - 1) / DB_BF16_ROWS * ((n + DB_BF16_PANEL - 1) / DB_BF16_PANEL);
    const size_t lines = db_bf16_lines_each(pairs, blocks);
    const uint32_t *soon = a.words + a.stride;
    for (size_t j = 0; j < n; j += DB_BF16_PANEL) {
        result to = result_at(n, j, start, NULL, c);
        to.lines = lines;
        for (size_t i = 0; i < m; i += DB_BF16_ROWS, to.at += DB_BF16_ROWS * n, soon += lines * 16) {
            to.soon = soon;
            block(m - i < DB_BF16_ROWS ? m - i : DB_BF16_ROWS, pairs,
                  (db_bf16_broadcast){a.words + i, 1, DB_BF16_PANEL}, b.words + j / DB_BF16_PANEL * b.stride, &to);
        }
    }
}

void db_bf16_panels_panels(size_t m, size_t n, size_t k, const uint32_t *a, const uint32_t *b, db_bf16_start start,
                           float *c)
{
    const size_t pairs = (k + 1) / 2, stride = pairs * DB_BF16_PANEL;
    for (size_t i = 0; i < m; i += DB_BF16_PANEL) {
        for (size_t p = 0; p < pairs; p += PAIRS) {
            const size_t rows = m - i < DB_BF16_PANEL ? m - i : DB_BF16_PANEL, at = p * DB_BF16_PANEL;
            panel_panels(rows, n, pairs - p < PAIRS ? pairs - p : PAIRS, (db_bf16_part){a + i * pairs + at, stride},
                         (db_bf16_part){b + at, stride}, p == 0 ? start : DB_BF16_ADD, c + i * n);
        }
    }
}

#else

bool db_bf16_available(void)
{
    return false;
}

/* Never called: there is nothing available. */
void db_bf16_pack_rows(size_t m, size_t k, const float *x, uint32_t *rows)
{
    (void)m, (void)k, (void)x, (void)rows;
    assert(!"no bfloat16 here");
}

void db_bf16_pack_panels(size_t k, size_t n, const float *x, uint32_t *panels)
{
    (void)k, (void)n, (void)x, (void)panels;
    assert(!"no bfloat16 here");
}

void db_bf16_pack_panels_transposed(size_t n, size_t k, const float *x, uint32_t *panels)
{
    (void)n, (void)k, (void)x, (void)panels;
    assert(!"no bfloat16 here");
}

void db_bf16_rows_panels(size_t m, size_t n, size_t k, const uint32_t *rows, const uint32_t *panels,
                         db_bf16_start start, const float *bias, float *c)
{
    (void)m, (void)n, (void)k, (void)rows, (void)panels, (void)start, (void)bias, (void)c;
    assert(!"no bfloat16 here");
}

void db_bf16_parts(size_t m, size_t n, size_t pairs, db_bf16_part rows, db_bf16_part panels, db_bf16_start start,
                   const float *bias, float *c)
{
    (void)m, (void)n, (void)pairs, (void)rows, (void)panels, (void)start, (void)bias, (void)c;
    assert(!"no bfloat16 here");
}

void db_bf16_panels_panels(size_t m, size_t n, size_t k, const uint32_t *a, const uint32_t *b, db_bf16_start start,
                           float *c)
{
    (void)m, (void)n, (void)k, (void)a, (void)b, (void)start, (void)c;
    assert(!"no bfloat16 here");
}

#endif
