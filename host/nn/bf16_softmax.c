/*
 * Softmax and its gradients between bfloat16 products.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/bf16_softmax.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "nn/bf16_kernel.h"

/* Columns of logits that are made before they are multiplied on: a group of panels, in pairs. */
enum { GROUP = 256, GROUP_PAIRS = GROUP / 2, VECTOR = 16 };

/* ln of the largest sum that is trusted: products with e then stay far from infinity. */
#define SUM_MOST 1e26f

static size_t round_up(size_t count, size_t to)
{
    return (count + to - 1) / to * to;
}

/* ---- Scratch ---- */

/* Positions are padded to `rows`, whole blocks of the kernel: what is computed for those beyond n is zero. */
typedef struct {
    size_t rows;
    uint32_t *h;        /* row operand [rows][hidden] */
    uint32_t *e;        /* row operand [rows][GROUP] of one group of columns */
    uint32_t *e_panels; /* panels [vocab][rows / 2], to be summed over positions */
    uint32_t *h_panels; /* panels [hidden][rows / 2]: h times factor */
    float *shifts;      /* [rows] log2(e) times the shift */
    float *sums;        /* [rows][VECTOR] of e; a row's sum is that of its lanes */
    float *factors;     /* [rows] scale / sum */
} workspace;

enum { HEIGHT = 8 };

static size_t words_of(size_t n, size_t vocab, size_t hidden, uint32_t *scratch, workspace *w)
{
    const size_t rows = round_up(n, HEIGHT), line = 16; /* words in a cache line */
    const size_t sizes[] = {round_up(db_bf16_rows_words(rows, hidden), line),
                            rows * GROUP_PAIRS,
                            db_bf16_panels_words(rows, vocab),
                            db_bf16_panels_words(rows, hidden),
                            round_up(rows, line),
                            rows * VECTOR,
                            round_up(rows, line)};
    size_t at[7], sum = 0;
    for (size_t i = 0; i < 7; i++) {
        at[i] = sum;
        sum += sizes[i];
    }
    if (scratch != NULL) {
        *w = (workspace){.rows = rows,
                         .h = scratch + at[0],
                         .e = scratch + at[1],
                         .e_panels = scratch + at[2],
                         .h_panels = scratch + at[3],
                         .shifts = (float *)(void *)(scratch + at[4]),
                         .sums = (float *)(void *)(scratch + at[5]),
                         .factors = (float *)(void *)(scratch + at[6])};
    }
    return sum;
}

size_t db_bf16_softmax_scratch(size_t n, size_t vocab, size_t hidden)
{
    return words_of(n, vocab, hidden, NULL, NULL);
}

#ifdef DB_BF16_HERE

_Static_assert((int)HEIGHT == (int)DB_BF16_ROWS, "positions are padded to the kernel's rows");

#define LOG2_E 1.44269504f

/* ---- Forward ---- */

/* 2^x to about 2e-7 of it: 2^round(x) times the Taylor polynomial of the rest, |rest| <= 1/2; 0 far below, infinite far
 * above, and a NaN stays one. */
DB_BF16_INLINE __m512 exp2_of(__m512 x)
{
    const __m512 rest = _mm512_reduce_ps(x, 0);
    __m512 p = _mm512_set1_ps(1.5403530e-4f);
    p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(1.3333558e-3f));
    p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(9.6181291e-3f));
    p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(5.5504109e-2f));
    p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(2.4022651e-1f));
    p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(6.9314718e-1f));
    p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(p, _mm512_sub_ps(x, rest));
}

/* Where the e of a block go. */
typedef struct {
    float *sums;            /* [HEIGHT][VECTOR] added to */
    const float *shifts;    /* [HEIGHT] */
    uint32_t *rows, *pairs; /* first words in the row operand and in the panels */
    __mmask16 lo, hi;       /* columns that exist */
    const uint32_t *soon;   /* what will be read soon: each block fetches `lines` cache lines of it */
    size_t lines;
} destination;

/* Two rows of 32 as pairs: words 0..15 and 16..31. */
DB_BF16_INLINE void store_pairs(__m512i upper, __m512i lower, uint32_t *to)
{
    const __m512i count = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    /* Element 32 + i of the two is lower's i: each word takes (upper i, lower i). */
    const __m512i first = _mm512_or_si512(count, _mm512_slli_epi32(_mm512_add_epi32(count, _mm512_set1_epi32(32)), 16));
    const __m512i second = _mm512_add_epi16(first, _mm512_set1_epi16(16));
    _mm512_storeu_si512(to, _mm512_permutex2var_epi16(upper, first, lower));
    _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi16(upper, second, lower));
}

/* A block of logits from its products to e. */
DB_BF16_TARGET static void exp_block(size_t pairs, const uint32_t *h, const uint32_t *panel, const float *bias,
                                     const destination *to)
{
    __m512 lo[HEIGHT], hi[HEIGHT];
    DB_BF16_UNROLLED
    for (size_t r = 0; r < HEIGHT; r++) {
        lo[r] = _mm512_maskz_loadu_ps(to->lo, bias);
        hi[r] = _mm512_maskz_loadu_ps(to->hi, bias + 16);
        _mm_prefetch(to->pairs + r * 16, _MM_HINT_T0);
    }
    for (size_t l = 0; l < to->lines; l++) {
        _mm_prefetch(to->soon + l * 16, _MM_HINT_T0);
    }
    db_bf16_accumulate(HEIGHT, pairs, (db_bf16_broadcast){h, pairs, 1}, panel, lo, hi);
    __m512i before = _mm512_setzero_si512();
    DB_BF16_UNROLLED
    for (size_t r = 0; r < HEIGHT; r++) {
        const __m512 shift = _mm512_set1_ps(to->shifts[r]), unit = _mm512_set1_ps(LOG2_E);
        const __m512 left = _mm512_maskz_mov_ps(to->lo, exp2_of(_mm512_fmsub_ps(lo[r], unit, shift)));
        const __m512 right = _mm512_maskz_mov_ps(to->hi, exp2_of(_mm512_fmsub_ps(hi[r], unit, shift)));
        float *sum = to->sums + r * VECTOR;
        _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum), _mm512_add_ps(left, right)));
        const __m512i row = (__m512i)_mm512_cvtne2ps_pbh(right, left);
        _mm512_storeu_si512(to->rows + r * GROUP_PAIRS, row);
        if (r % 2 == 1) {
            store_pairs(before, row, to->pairs + r / 2 * DB_BF16_PANEL);
        }
        before = row;
    }
}

/* The e of all positions for the columns [from, from + count), count <= GROUP. */
DB_BF16_TARGET static void exp_group(const db_bf16_output *o, const workspace *w, size_t from, size_t count)
{
    const size_t pairs = (o->hidden + 1) / 2;
    for (size_t j = 0; j < count; j += DB_BF16_PANEL) {
        const size_t column = from + j, left = count - j;
        destination to = {.sums = w->sums,
                          .shifts = w->shifts,
                          .rows = w->e + j / 2,
                          .pairs = w->e_panels + column * (w->rows / 2),
                          .lo = db_bf16_lanes(left),
                          .hi = db_bf16_lanes(left > 16 ? left - 16 : 0),
                          .soon = o->forward + (column + DB_BF16_PANEL) * pairs,
                          .lines = db_bf16_lines_each(pairs, w->rows / HEIGHT)};
        for (size_t i = 0; i < w->rows; i += HEIGHT) {
            exp_block(pairs, w->h + i * pairs, o->forward + column * pairs, o->bias + column, &to);
            to.sums += HEIGHT * VECTOR;
            to.shifts += HEIGHT;
            to.rows += HEIGHT * GROUP_PAIRS;
            to.pairs += HEIGHT / 2 * DB_BF16_PANEL;
            to.soon += to.lines * 16;
        }
    }
}

/* The product of rounded values, as the kernel has it but for the order of additions. */
DB_BF16_TARGET static float rounded_dot(size_t count, const uint16_t *rounded, const float *values)
{
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < count; i += 16) {
        const __mmask16 mask = db_bf16_lanes(count - i);
        const __m256i b = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, values + i));
        const __m256i a = _mm256_maskz_loadu_epi16(mask, rounded + i);
        const __m512 wide_a = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(a), 16));
        const __m512 wide_b = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(b), 16));
        sum = _mm512_fmadd_ps(wide_a, wide_b, sum);
    }
    return _mm512_reduce_add_ps(sum);
}

/* Packs h, and shifts each row by its target's logit; those beyond n so far that their e is zero. */
DB_BF16_TARGET static void prepare(const db_bf16_output *o, size_t n, const float *h, const uint16_t *targets,
                                   const workspace *w)
{
    const size_t pairs = (o->hidden + 1) / 2;
    db_bf16_pack_rows(n, o->hidden, h, w->h);
    memset(w->h + n * pairs, 0, (w->rows - n) * pairs * sizeof *w->h);
    memset(w->sums, 0, w->rows * VECTOR * sizeof *w->sums);
    for (size_t i = 0; i < w->rows; i++) {
        w->shifts[i] = 1e30f;
        if (i < n) {
            const float *row = o->weight + targets[i] * o->hidden;
            const float product = rounded_dot(o->hidden, (const uint16_t *)(w->h + i * pairs), row);
            w->shifts[i] = LOG2_E * (product + o->bias[targets[i]]);
        }
    }
}

/* Adds the lanes up to factors. Returns false where a sum is not to be trusted. */
DB_BF16_TARGET static bool finish_sums(size_t n, float scale, const workspace *w, double *nats)
{
    *nats = 0;
    for (size_t i = 0; i < w->rows; i++) {
        const float sum = _mm512_reduce_add_ps(_mm512_loadu_ps(w->sums + i * VECTOR));
        w->factors[i] = i < n ? scale / sum : 0;
        if (i < n) {
            if (!(sum < SUM_MOST)) {
                return false;
            }
            *nats += log((double)sum);
        }
    }
    return true;
}

/* ---- Backward ---- */

/* h_panels = h times factors. */
DB_BF16_TARGET static void scale_inputs(size_t n, size_t hidden, const float *h, const workspace *w)
{
    const size_t pairs = w->rows / 2;
    for (size_t p = 0; p < pairs; p++) {
        const __m512 first = _mm512_set1_ps(w->factors[2 * p]), second = _mm512_set1_ps(w->factors[2 * p + 1]);
        const float *low = h + 2 * p * hidden;
        for (size_t j = 0; j < hidden; j += DB_BF16_PANEL) {
            uint32_t *to = w->h_panels + j * pairs + p * DB_BF16_PANEL;
            for (size_t part = 0; part < DB_BF16_PANEL; part += 16) {
                const __mmask16 mask = j + part < hidden ? db_bf16_lanes(hidden - j - part) : 0;
                const __m512 a = _mm512_maskz_loadu_ps(2 * p < n ? mask : 0, low + j + part);
                const __m512 b = _mm512_maskz_loadu_ps(2 * p + 1 < n ? mask : 0, low + hidden + j + part);
                _mm512_storeu_si512(to + part, db_bf16_pair_up(_mm512_mul_ps(a, first), _mm512_mul_ps(b, second)));
            }
        }
    }
}

/* dbias [columns] += one panel's e times factors, summed over positions. */
DB_BF16_TARGET static void add_bias(size_t columns, const workspace *w, const uint32_t *panel, float *dbias)
{
    for (size_t part = 0; part < DB_BF16_PANEL && part < columns; part += 16) {
        const __mmask16 mask = db_bf16_lanes(columns - part);
        __m512 low = _mm512_maskz_loadu_ps(mask, dbias + part), high = _mm512_setzero_ps();
        for (size_t p = 0; p < w->rows / 2; p++) {
            const __m512i words = _mm512_loadu_si512(panel + p * DB_BF16_PANEL + part);
            const __m512 a = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
            const __m512 b = _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32((int)0xFFFF0000)));
            low = _mm512_fmadd_ps(a, _mm512_set1_ps(w->factors[2 * p]), low);
            high = _mm512_fmadd_ps(b, _mm512_set1_ps(w->factors[2 * p + 1]), high);
        }
        _mm512_mask_storeu_ps(dbias + part, mask, _mm512_add_ps(low, high));
    }
}

static void add_weights(const db_bf16_output *o, const workspace *w, float *dweight, float *dbias)
{
    for (size_t column = 0; column < o->vocab; column += DB_BF16_PANEL) {
        const size_t left = o->vocab - column, columns = left < DB_BF16_PANEL ? left : DB_BF16_PANEL;
        const uint32_t *panel = w->e_panels + column * (w->rows / 2);
        add_bias(columns, w, panel, dbias + column);
        db_bf16_panels_panels(columns, o->hidden, w->rows, panel, w->h_panels, DB_BF16_ADD,
                              dweight + column * o->hidden);
    }
}

/* What only targets get: the probability 1 that each should have. dh gets its factors here. */
DB_BF16_TARGET static void finish_targets(const db_bf16_output *o, size_t n, const float *h, const uint16_t *targets,
                                          float scale, const workspace *w, float *dh, float *dweight, float *dbias)
{
    for (size_t i = 0; i < n; i++) {
        const size_t at = targets[i] * o->hidden;
        const float factor = w->factors[i];
        for (size_t j = 0; j < o->hidden; j++) {
            dh[i * o->hidden + j] = factor * dh[i * o->hidden + j] - scale * o->weight[at + j];
            dweight[at + j] -= scale * h[i * o->hidden + j];
        }
        dbias[targets[i]] -= scale;
    }
}

bool db_bf16_softmax_gradient(const db_bf16_output *output, size_t n, const float *h, const uint16_t *targets,
                              float scale, uint32_t *scratch, float *dh, float *dweight, float *dbias, double *nats)
{
    workspace w;
    words_of(n, output->vocab, output->hidden, scratch, &w);
    prepare(output, n, h, targets, &w);
    const size_t stride = (output->vocab + 1) / 2 * DB_BF16_PANEL;
    for (size_t from = 0; from < output->vocab; from += GROUP) {
        const size_t left = output->vocab - from, count = left < GROUP ? left : GROUP;
        exp_group(output, &w, from, count);
        db_bf16_parts(n, output->hidden, (count + 1) / 2, (db_bf16_part){w.e, GROUP_PAIRS},
                      (db_bf16_part){output->backward + from / 2 * DB_BF16_PANEL, stride},
                      from == 0 ? DB_BF16_ZERO : DB_BF16_ADD, NULL, dh);
    }
    if (!finish_sums(n, scale, &w, nats)) {
        return false;
    }
    scale_inputs(n, output->hidden, h, &w);
    add_weights(output, &w, dweight, dbias);
    finish_targets(output, n, h, targets, scale, &w, dh, dweight, dbias);
    return true;
}

#else

bool db_bf16_softmax_gradient(const db_bf16_output *output, size_t n, const float *h, const uint16_t *targets,
                              float scale, uint32_t *scratch, float *dh, float *dweight, float *dbias, double *nats)
{
    (void)output, (void)n, (void)h, (void)targets, (void)scale, (void)scratch;
    (void)dh, (void)dweight, (void)dbias, (void)nats;
    assert(!"no bfloat16 here");
    return false;
}

#endif
