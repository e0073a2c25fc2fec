/*
 * Attention, forward and backward. A stream's queries, keys and values are transposed first, so that LANES steps lie
 * side by side: forward, a vector holds one score of each of LANES queries; backward, one of each of LANES keys, whose
 * gradients then stay in registers.
 *
 * Scores are in base 2: queries are multiplied by log2(e) beside 1 / sqrt(d), which spares each exponential a product.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/attention.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/rounding.h"
#include "nn/transpose.h"
#include "nn/vector.h"

enum { LANES = 16 };

#define LOG2_E ((real)1.44269504088896340736)
#define LN_2 ((real)0.69314718055994530942)

/* Into the function that is compiled for each instruction set. */
#define INLINE static inline __attribute__((always_inline))

/* Before a loop over a few columns: arrays of vectors stay in registers only where it is unrolled early. */
#define UNROLLED _Pragma("GCC unroll 4")

/* LANES numbers that the compiler keeps in registers; arrays of them are aligned for it. */
typedef real lanes __attribute__((vector_size(LANES * sizeof(real)), aligned(64)));

/* A stream at work. Row c of an array is component c at all steps or keys, padded with zeros to whole vectors. */
typedef struct {
    size_t row;               /* vectors in a row */
    lanes *q, *o, *dq, *dout; /* [heads d] rows over steps */
    lanes *k, *v, *dk, *dv;   /* [kv_heads d] rows over keys */
    lanes *along;             /* one row over steps: what dout is along the output */
    lanes *scores, *dscores;  /* [longest] */
    lanes *parts;             /* [longest][d] of dq, to be summed over lanes */
    real numbers[LANES];      /* 0, 1, 2 ...: from memory, or the compiler takes vectors apart for them */
} work;

static uint32_t pairs_of(const db_attention *attention)
{
    return attention->width / 2;
}

static size_t vectors(size_t count)
{
    return (count + LANES - 1) / LANES;
}

void db_attention_make(db_attention *attention, uint32_t heads, uint32_t kv_heads, uint32_t width, uint32_t longest,
                       double rotary_base)
{
    *attention = (db_attention){.heads = heads, .kv_heads = kv_heads, .width = width, .longest = longest};
    const size_t pairs = pairs_of(attention), d = width, rows = 4 * (heads + (size_t)kv_heads) * d + 1;
    attention->cosines = db_allocate(longest * pairs * sizeof(real));
    attention->sines = db_allocate(longest * pairs * sizeof(real));
    attention->scratch = db_allocate((rows * vectors(longest) + longest * (2 + d)) * sizeof(lanes));
    for (size_t c = 0; c < pairs; c++) {
        const double speed = rotary_base > 0 ? pow(rotary_base, -(double)c / (double)pairs) : 0;
        for (size_t position = 0; position < longest; position++) {
            attention->cosines[c * longest + position] = (real)cos((double)position * speed);
            attention->sines[c * longest + position] = (real)sin((double)position * speed);
        }
    }
}

void db_attention_free(db_attention *attention)
{
    free(attention->cosines);
    free(attention->sines);
    free(attention->scratch);
    memset(attention, 0, sizeof *attention);
}

static work make_work(const db_attention *attention, const db_attention_stream *stream)
{
    const size_t n = (size_t)stream->before + stream->count, row = vectors(n);
    const size_t queries = attention->heads * (size_t)attention->width * row;
    const size_t keys = attention->kv_heads * (size_t)attention->width * row;
    work w = {.row = row, .q = (lanes *)attention->scratch};
    w.o = w.q + queries;
    w.dq = w.o + queries;
    w.dout = w.dq + queries;
    w.k = w.dout + queries;
    w.v = w.k + keys;
    w.dk = w.v + keys;
    w.dv = w.dk + keys;
    w.along = w.dv + keys;
    w.scores = w.along + row;
    w.dscores = w.scores + n;
    w.parts = w.dscores + n;
    for (size_t l = 0; l < LANES; l++) {
        w.numbers[l] = (real)l;
    }
    return w;
}

/* ---- Into and out of the rows ---- */

/* rows [height] from `column` on = the steps of from [count][stride], and zeros behind the last. */
static void load_rows(const work *w, size_t height, size_t count, const real *from, size_t stride, size_t column,
                      lanes *rows)
{
    const size_t length = w->row * LANES, end = column + count;
    real *to = (real *)rows;
    db_transpose(count, height, from, stride, to + column, length);
    for (size_t c = 0; c < height && end < length; c++) {
        memset(to + c * length + end, 0, (length - end) * sizeof *to);
    }
}

static void store_rows(const work *w, size_t height, size_t count, const lanes *rows, size_t column, real *to,
                       size_t stride)
{
    db_transpose(height, count, (const real *)rows + column, w->row * LANES, to, stride);
}

DB_VECTOR static void turn_pair(size_t count, const real *cosines, const real *sines, real factor, real sign,
                                real *restrict first, real *restrict second)
{
    for (size_t i = 0; i < count; i++) {
        const real a = factor * first[i], b = factor * second[i], s = sign * sines[i];
        first[i] = a * cosines[i] - b * s;
        second[i] = a * s + b * cosines[i];
    }
}

DB_VECTOR static void multiply(size_t count, real factor, real *values)
{
    for (size_t i = 0; i < count; i++) {
        values[i] *= factor;
    }
}

/* The rows of `heads` heads times `factor`, each step turned as at its position from `first` on, backwards with `sign`
 * -1. */
static void turn(const db_attention *attention, const work *w, uint32_t heads, size_t first, size_t count, real factor,
                 real sign, real *rows)
{
    const size_t pairs = pairs_of(attention), length = w->row * LANES;
    for (uint32_t number = 0; number < heads; number++, rows += attention->width * length) {
        for (size_t c = 0; c < pairs; c++) {
            const size_t angles = c * attention->longest + first;
            turn_pair(count, attention->cosines + angles, attention->sines + angles, factor, sign, rows + c * length,
                      rows + (c + pairs) * length);
        }
        if (attention->width % 2 != 0) {
            multiply(count, factor, rows + 2 * pairs * length);
        }
    }
}

/* The largest size of an int8 value. */
enum { VALUE_MOST = 127 };

/* Keys and values as the cache holds them. */
static void round_rows(const work *w, const db_attention_stream *stream, size_t height)
{
    const size_t length = w->row * LANES, n = (size_t)stream->before + stream->count;
    for (size_t c = 0; c < height && stream->key_units != NULL; c++) {
        db_round_units(n, stream->key_units[c], stream->key_most, (real *)w->k + c * length);
        db_round_units(n, stream->value_units[c], VALUE_MOST, (real *)w->v + c * length);
    }
}

/* Rows over keys: those of the window times what dropout makes of their values. */
static void keep_values(const db_attention *attention, const work *w, const db_attention_stream *stream, lanes *rows)
{
    const size_t length = w->row * LANES, height = (size_t)attention->kv_heads * attention->width;
    for (size_t c = 0; c < height && stream->keep != NULL; c++) {
        real *row = (real *)rows + c * length + stream->before;
        const real *keep = stream->keep + c / attention->width;
        for (size_t t = 0; t < stream->count; t++) {
            row[t] *= keep[t * stream->keep_stride];
        }
    }
}

static real query_factor(const db_attention *attention)
{
    return 1 / (real)sqrt((double)attention->width);
}

static void load(const db_attention *attention, const db_attention_stream *stream, const work *w)
{
    const size_t queries = (size_t)attention->heads * attention->width;
    const size_t height = (size_t)attention->kv_heads * attention->width;
    const size_t before = stream->before, count = stream->count, stride = stream->inputs_stride;
    load_rows(w, queries, count, stream->inputs, stride, 0, w->q);
    turn(attention, w, attention->heads, before, count, LOG2_E * query_factor(attention), 1, (real *)w->q);
    if (before > 0) {
        load_rows(w, height, before, stream->cached_keys, height, 0, w->k);
        load_rows(w, height, before, stream->cached_values, height, 0, w->v);
    }
    load_rows(w, height, count, stream->inputs + queries, stride, before, w->k);
    load_rows(w, height, count, stream->inputs + queries + height, stride, before, w->v);
    turn(attention, w, attention->kv_heads, 0, before + count, 1, 1, (real *)w->k);
    round_rows(w, stream, height);
    keep_values(attention, w, stream, w->v);
}

/* ---- Products ---- */

typedef struct {
    size_t from, to;
} range;

/* scores[i] for i in r = (with `add` +=) the sum over `columns` columns c of factors[c] times rows[c][i]. Few columns
 * at a time, so that factors stay in registers; `columns` is a constant where this is inlined. */
INLINE void score_columns(range r, const size_t columns, bool add, const lanes *factors, const real *rows, size_t row,
                          lanes *scores)
{
    lanes local[4];
    UNROLLED
    for (size_t c = 0; c < columns; c++) {
        local[c] = factors[c * row];
    }
    for (size_t i = r.from; i < r.to; i++) {
        lanes s = add ? scores[i] : (lanes){0};
        UNROLLED
        for (size_t c = 0; c < columns; c++) {
            s += rows[c * row * LANES + i] * local[c];
        }
        scores[i] = s;
    }
}

/* The same over all d columns. Each row is `row` vectors behind the one before. */
INLINE void find_scores(range r, size_t d, const lanes *factors, const lanes *rows, size_t row, lanes *scores)
{
    size_t at = 0;
    for (; at + 4 <= d; at += 4) {
        score_columns(r, 4, at > 0, factors + at * row, (const real *)(rows + at * row), row, scores);
    }
    if (at + 2 <= d) {
        score_columns(r, 2, at > 0, factors + at * row, (const real *)(rows + at * row), row, scores);
        at += 2;
    }
    if (at < d) {
        score_columns(r, 1, at > 0, factors + at * row, (const real *)(rows + at * row), row, scores);
    }
}

/* sums[c] += the sum over i in r of factors[i] times rows[c][i]; those of even and odd i are added up apart, so that no
 * sum waits for the one before. */
INLINE void sum_columns(range r, const size_t columns, const lanes *factors, const real *rows, size_t row, lanes *sums)
{
    lanes even[4], odd[4];
    size_t i = r.from;
    UNROLLED
    for (size_t c = 0; c < columns; c++) {
        even[c] = sums[c * row];
        odd[c] = (lanes){0};
    }
    for (; i + 2 <= r.to; i += 2) {
        const lanes first = factors[i], second = factors[i + 1];
        UNROLLED
        for (size_t c = 0; c < columns; c++) {
            even[c] += rows[c * row * LANES + i] * first;
            odd[c] += rows[c * row * LANES + i + 1] * second;
        }
    }
    UNROLLED
    for (size_t c = 0; c < columns; c++) {
        if (i < r.to) {
            even[c] += rows[c * row * LANES + i] * factors[i];
        }
        sums[c * row] = even[c] + odd[c];
    }
}

INLINE void add_sums(range r, size_t d, const lanes *factors, const lanes *rows, size_t row, lanes *sums)
{
    size_t at = 0;
    for (; at + 4 <= d; at += 4) {
        sum_columns(r, 4, factors, (const real *)(rows + at * row), row, sums + at * row);
    }
    if (at + 2 <= d) {
        sum_columns(r, 2, factors, (const real *)(rows + at * row), row, sums + at * row);
        at += 2;
    }
    if (at < d) {
        sum_columns(r, 1, factors, (const real *)(rows + at * row), row, sums + at * row);
    }
}

/* In place. */
INLINE void exponentials(lanes *x)
{
    real values[LANES];
    memcpy(values, x, sizeof values);
    for (size_t l = 0; l < LANES; l++) {
        values[l] = db_exp2(values[l]);
    }
    memcpy(x, values, sizeof values);
}

/* top = the larger of each lane. */
INLINE void raise_top(const lanes *values, lanes *top)
{
    real x[LANES], y[LANES];
    memcpy(x, values, sizeof x);
    memcpy(y, top, sizeof y);
    for (size_t l = 0; l < LANES; l++) {
        y[l] = x[l] > y[l] ? x[l] : y[l];
    }
    memcpy(top, y, sizeof y);
}

/* ---- Forward: a block of queries ---- */

/* Which keys a block's queries see: lane l those from first[l] to last[l] (numbers that vectors compare with), behind
 * the last step as that does. */
typedef struct {
    real first[LANES], last[LANES];
    range all, inner; /* all: what any sees; inner: what each sees */
} span;

static span make_span(const db_attention_stream *stream, uint32_t block)
{
    span s;
    for (uint32_t l = 0; l < LANES; l++) {
        const uint32_t t = block + l < stream->count ? block + l : stream->count - 1;
        s.first[l] = (real)stream->first[t];
        s.last[l] = (real)(stream->before + t);
    }
    s.all = (range){(size_t)s.first[0], (size_t)s.last[LANES - 1] + 1};
    const size_t from = (size_t)s.first[LANES - 1], to = (size_t)s.last[0] + 1;
    s.inner = (range){from, to > from ? to : from};
    return s;
}

/* scores[j] = `hidden` where a lane does not see the key. */
INLINE void hide_keys(const span *seen, range r, real hidden, lanes *scores)
{
    for (size_t j = r.from; j < r.to; j++) {
        real s[LANES];
        const real key = (real)j;
        memcpy(s, &scores[j], sizeof s);
        for (size_t l = 0; l < LANES; l++) {
            s[l] = ((key >= seen->first[l]) & (key <= seen->last[l])) ? s[l] : hidden;
        }
        memcpy(&scores[j], s, sizeof s);
    }
}

INLINE void hide_outer_keys(const span *seen, real hidden, lanes *scores)
{
    hide_keys(seen, (range){seen->all.from, seen->inner.from}, hidden, scores);
    hide_keys(seen, (range){seen->inner.to, seen->all.to}, hidden, scores);
}

/* o [d] = the block's outputs, one head's; log_sums [LANES]. q and o are columns of rows, k and v whole rows. */
DB_VECTOR static void block_forward(const work *w, const span *seen, size_t d, const lanes *q, const lanes *k,
                                    const lanes *v, lanes *o, real *log_sums)
{
    lanes *scores = w->scores, top, sum = {0};
    find_scores(seen->all, d, q, k, w->row, scores);
    hide_outer_keys(seen, -INFINITY, scores);
    top = scores[seen->all.from];
    for (size_t j = seen->all.from + 1; j < seen->all.to; j++) {
        raise_top(&scores[j], &top);
    }
    for (size_t j = seen->all.from; j < seen->all.to; j++) {
        scores[j] -= top;
        exponentials(&scores[j]);
        sum += scores[j];
    }
    hide_outer_keys(seen, 0, scores); /* what they added to sums of 1 and more is nothing */
    for (size_t c = 0; c < d; c++) {
        o[c * w->row] = (lanes){0};
    }
    add_sums(seen->all, d, scores, v, w->row, o);
    const lanes share = 1 / sum;
    for (size_t c = 0; c < d; c++) {
        o[c * w->row] *= share;
    }
    real sums[LANES];
    memcpy(sums, &sum, sizeof sums);
    for (size_t l = 0; l < LANES; l++) {
        sums[l] = db_log2(sums[l]);
    }
    memcpy(&sum, sums, sizeof sum);
    sum += top;
    memcpy(log_sums, &sum, sizeof sum);
}

void db_attention_forward(const db_attention *attention, const db_attention_stream *stream)
{
    const work w = make_work(attention, stream);
    const size_t d = attention->width, queries = attention->heads * d;
    const uint32_t group = attention->heads / attention->kv_heads;
    load(attention, stream, &w);
    for (uint32_t block = 0; block < stream->count; block += LANES) {
        const span seen = make_span(stream, block);
        for (uint32_t number = 0; number < attention->heads; number++) {
            const size_t keys = number / group * d * w.row, at = number * d * w.row + block / LANES;
            real log_sums[LANES];
            block_forward(&w, &seen, d, w.q + at, w.k + keys, w.v + keys, w.o + at, log_sums);
            const size_t left = stream->count - block, steps = left < LANES ? left : LANES;
            memcpy(stream->log_sums + number * stream->log_sums_stride + block, log_sums, steps * sizeof *log_sums);
        }
    }
    store_rows(&w, queries, stream->count, w.o, 0, stream->out, stream->out_stride);
}

/* ---- Backward: a block of keys ---- */

/* Which queries see any of a block's keys, and which see all of them. */
typedef struct {
    range all, inner;
} audience;

static size_t clamp(size_t value, size_t least, size_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* From `from` on, the first query that does not see the key or any before. */
static size_t last_to_see(const db_attention_stream *stream, size_t key, size_t from)
{
    while (from < stream->count && stream->first[from] <= key) {
        from++;
    }
    return from;
}

/* The audience of the keys from `key` on, after that of the block before. */
static audience next_audience(const db_attention_stream *stream, size_t key, const audience *before)
{
    const size_t first = key > stream->before ? key - stream->before : 0, last = key + LANES - 1;
    const size_t to = last_to_see(stream, last, before->all.to);
    const size_t inner_from = last > stream->before ? last - stream->before : 0;
    const size_t inner_to = last_to_see(stream, key, before->inner.to);
    const size_t from = first < to ? first : to;
    audience a = {.all = {from, to}, .inner = {clamp(inner_from, from, to), 0}};
    a.inner.to = clamp(inner_to, a.inner.from, to);
    return a;
}

/* p[i] = 0 in the lanes of keys that query i does not see, the first lane's being `key`. */
INLINE void hide_queries(const work *w, const db_attention_stream *stream, size_t key, range r, lanes *p)
{
    for (size_t i = r.from; i < r.to; i++) {
        real values[LANES];
        const real first = (real)stream->first[i] - (real)key, last = (real)(stream->before + i) - (real)key;
        memcpy(values, &p[i], sizeof values);
        for (size_t l = 0; l < LANES; l++) {
            values[l] = ((w->numbers[l] >= first) & (w->numbers[l] <= last)) ? values[l] : 0;
        }
        memcpy(&p[i], values, sizeof values);
    }
}

/* One head's rows of queries, and columns of its keys' rows. */
typedef struct {
    size_t d;
    const lanes *q, *dout;
    const lanes *k, *v;
    lanes *dk, *dv;
    const real *log_sums;
} head;

/* Of `columns` columns from `at` on: dv and dk += the sums over queries i in r of p[i] times dout and dp[i] times q,
 * and w->parts[i] += dp[i] times k. */
INLINE void add_columns(const work *w, const head *h, range r, size_t at, const size_t columns)
{
    const size_t row = w->row, length = row * LANES;
    const real *dout = (const real *)(h->dout + at * row), *q = (const real *)(h->q + at * row);
    lanes k[4], dk[4], dv[4];
    UNROLLED
    for (size_t c = 0; c < columns; c++) {
        k[c] = h->k[(at + c) * row];
        dk[c] = h->dk[(at + c) * row];
        dv[c] = h->dv[(at + c) * row];
    }
    for (size_t i = r.from; i < r.to; i++) {
        const lanes p = w->scores[i], dp = w->dscores[i];
        lanes *parts = w->parts + i * h->d + at;
        UNROLLED
        for (size_t c = 0; c < columns; c++) {
            dv[c] += p * dout[c * length + i];
            dk[c] += dp * q[c * length + i];
            parts[c] += dp * k[c];
        }
    }
    UNROLLED
    for (size_t c = 0; c < columns; c++) {
        h->dk[(at + c) * row] = dk[c];
        h->dv[(at + c) * row] = dv[c];
    }
}

INLINE void add_gradients(const work *w, const head *h, range r)
{
    size_t at = 0;
    for (; at + 4 <= h->d; at += 4) {
        add_columns(w, h, r, at, 4);
    }
    if (at + 2 <= h->d) {
        add_columns(w, h, r, at, 2);
        at += 2;
    }
    if (at < h->d) {
        add_columns(w, h, r, at, 1);
    }
}

/* Through the keys from `key` on: w->parts, h->dk and h->dv are added to. */
DB_VECTOR static void block_backward(const work *w, const db_attention_stream *stream, size_t key, const audience *seen,
                                     const head *h)
{
    const range all = seen->all;
    const real *along = (const real *)w->along;
    lanes *p = w->scores, *dp = w->dscores;
    find_scores(all, h->d, h->k, h->q, w->row, p);
    find_scores(all, h->d, h->v, h->dout, w->row, dp);
    for (size_t i = all.from; i < all.to; i++) {
        p[i] -= h->log_sums[i];
        exponentials(&p[i]);
    }
    hide_queries(w, stream, key, (range){all.from, seen->inner.from}, p);
    hide_queries(w, stream, key, (range){seen->inner.to, all.to}, p);
    for (size_t i = all.from; i < all.to; i++) {
        dp[i] = p[i] * (dp[i] - along[i]);
    }
    add_gradients(w, h, all);
}

INLINE real add_up(const lanes *values)
{
    typedef real eight __attribute__((vector_size(8 * sizeof(real))));
    typedef real four __attribute__((vector_size(4 * sizeof(real))));
    eight low, high;
    four left, right;
    memcpy(&low, values, sizeof low);
    memcpy(&high, (const char *)values + sizeof low, sizeof high);
    low += high;
    memcpy(&left, &low, sizeof left);
    memcpy(&right, (const char *)&low + sizeof left, sizeof right);
    left += right;
    return (left[0] + left[1]) + (left[2] + left[3]);
}

/* dq [d] rows = parts [count][d], summed over lanes. */
DB_VECTOR static void sum_parts(const work *w, size_t d, size_t count, lanes *dq)
{
    for (size_t c = 0; c < d; c++) {
        real *row = (real *)(dq + c * w->row);
        for (size_t i = 0; i < count; i++) {
            row[i] = add_up(w->parts + i * d + c);
        }
    }
}

/* w->along = the sum over d columns of o times dout. */
DB_VECTOR static void find_along(const work *w, size_t d, const lanes *o, const lanes *dout)
{
    for (size_t i = 0; i < w->row; i++) {
        lanes sum = {0};
        for (size_t c = 0; c < d; c++) {
            sum += o[c * w->row + i] * dout[c * w->row + i];
        }
        w->along[i] = sum;
    }
}

static void head_backward(const db_attention *attention, const db_attention_stream *stream, const work *w,
                          uint32_t number)
{
    const size_t d = attention->width, at = number * d * w->row;
    const size_t keys = number / (attention->heads / attention->kv_heads) * d * w->row;
    audience seen = {0};
    find_along(w, d, w->o + at, w->dout + at);
    memset(w->parts, 0, stream->count * d * sizeof *w->parts);
    for (size_t block = 0; block < w->row; block++) {
        const head h = {.d = d,
                        .q = w->q + at,
                        .dout = w->dout + at,
                        .k = w->k + keys + block,
                        .v = w->v + keys + block,
                        .dk = w->dk + keys + block,
                        .dv = w->dv + keys + block,
                        .log_sums = stream->log_sums + number * stream->log_sums_stride};
        seen = next_audience(stream, block * LANES, &seen);
        block_backward(w, stream, block * LANES, &seen, &h);
    }
    sum_parts(w, d, stream->count, w->dq + at);
}

void db_attention_backward(const db_attention *attention, const db_attention_stream *stream, const real *dout,
                           real *dinputs)
{
    const work w = make_work(attention, stream);
    const size_t queries = (size_t)attention->heads * attention->width, before = stream->before;
    const size_t height = (size_t)attention->kv_heads * attention->width, count = stream->count;
    load(attention, stream, &w);
    load_rows(&w, queries, count, stream->out, stream->out_stride, 0, w.o);
    load_rows(&w, queries, count, dout, stream->out_stride, 0, w.dout);
    memset(w.dk, 0, height * w.row * sizeof *w.dk);
    memset(w.dv, 0, height * w.row * sizeof *w.dv);
    for (uint32_t number = 0; number < attention->heads; number++) {
        head_backward(attention, stream, &w, number);
    }
    turn(attention, &w, attention->heads, before, count, query_factor(attention), -1, (real *)w.dq);
    turn(attention, &w, attention->kv_heads, 0, before + count, LN_2, -1, (real *)w.dk); /* of queries in base 2 */
    keep_values(attention, &w, stream, w.dv);
    store_rows(&w, queries, count, w.dq, 0, dinputs, stream->inputs_stride);
    store_rows(&w, height, count, w.dk, before, dinputs + queries, stream->inputs_stride);
    store_rows(&w, height, count, w.dv, before, dinputs + queries + height, stream->inputs_stride);
}
