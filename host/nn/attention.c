/*
 * Attention, forward and backward. Queries go by LANES side by side, so that a vector holds one score of each and
 * nothing has to be summed across a vector but the gradients of keys and values, once a head.
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
#include "nn/vector.h"

enum { LANES = 16 };

/* Into the function that is compiled for each instruction set. */
#define INLINE static inline __attribute__((always_inline))

/* LANES numbers that the compiler keeps in registers; arrays of them are aligned for it. */
typedef real lanes __attribute__((vector_size(LANES * sizeof(real)), aligned(64)));

/* One head at work: everything lies together. */
typedef struct {
    uint32_t width;
    real *keys, *values;      /* [longest][d], keys turned */
    lanes *scores, *dscores;  /* [longest] */
    lanes *dkeys, *dvalues;   /* [longest][d] */
    lanes *q, *o, *dq, *dout; /* [d] */
    real *turned;             /* [d] */
} head;

static uint32_t pairs_of(const db_attention *attention)
{
    return attention->width / 2;
}

void db_attention_make(db_attention *attention, uint32_t heads, uint32_t kv_heads, uint32_t width, uint32_t longest,
                       double rotary_base)
{
    *attention = (db_attention){.heads = heads, .kv_heads = kv_heads, .width = width, .longest = longest};
    const size_t pairs = pairs_of(attention), d = width;
    attention->cosines = db_allocate(longest * pairs * sizeof(real));
    attention->sines = db_allocate(longest * pairs * sizeof(real));
    attention->scratch =
        db_allocate((longest * (2 + 2 * d) + 4 * d) * sizeof(lanes) + (2 * longest * d + d) * sizeof(real));
    for (size_t position = 0; position < longest; position++) {
        for (size_t c = 0; c < pairs; c++) {
            const double angle = rotary_base > 0 ? (double)position * pow(rotary_base, -(double)c / (double)pairs) : 0;
            attention->cosines[position * pairs + c] = (real)cos(angle);
            attention->sines[position * pairs + c] = (real)sin(angle);
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

static head make_head(const db_attention *attention)
{
    const size_t n = attention->longest, d = attention->width;
    head h = {.width = attention->width, .scores = (lanes *)attention->scratch};
    h.dscores = h.scores + n;
    h.dkeys = h.dscores + n;
    h.dvalues = h.dkeys + n * d;
    h.q = h.dvalues + n * d;
    h.o = h.q + d;
    h.dq = h.o + d;
    h.dout = h.dq + d;
    h.keys = (real *)(h.dout + d);
    h.values = h.keys + n * d;
    h.turned = h.values + n * d;
    return h;
}

/* to [d] = from [d], turned as at `position`; backwards with `sign` -1. */
INLINE void turn(const db_attention *attention, uint32_t position, real sign, const real *from, real *to)
{
    const uint32_t pairs = pairs_of(attention);
    const real *cosines = attention->cosines + (size_t)position * pairs;
    const real *sines = attention->sines + (size_t)position * pairs;
    for (uint32_t c = 0; c < pairs; c++) {
        const real a = from[c], b = from[c + pairs], s = sign * sines[c];
        to[c] = a * cosines[c] - b * s;
        to[c + pairs] = a * s + b * cosines[c];
    }
    if (attention->width % 2 != 0) {
        to[2 * pairs] = from[2 * pairs];
    }
}

/* ---- Into and out of a head's scratch ---- */

static void scale(uint32_t width, real factor, real *values)
{
    for (uint32_t c = 0; c < width; c++) {
        values[c] *= factor;
    }
}

/* The largest size of an int8 value. */
enum { VALUE_MOST = 127 };

/* Key and value of a head of the cache, as it holds them. */
INLINE void round_row(const db_attention_stream *stream, uint32_t at, uint32_t width, real *key, real *value)
{
    if (stream->key_units != NULL) {
        db_round_each(width, stream->key_units + at, stream->key_most, key);
        db_round_each(width, stream->value_units + at, VALUE_MOST, value);
    }
}

static real kept(const db_attention_stream *stream, uint32_t step, uint32_t kv)
{
    return stream->keep != NULL ? stream->keep[step * stream->keep_stride + kv] : 1;
}

DB_VECTOR static void gather_keys(const db_attention *attention, const db_attention_stream *stream, uint32_t kv,
                                  const head *h)
{
    const uint32_t d = attention->width;
    const size_t row = (size_t)attention->kv_heads * d, keys_at = (size_t)attention->heads * d + (size_t)kv * d;
    for (uint32_t j = 0; j < stream->before; j++) {
        turn(attention, j, 1, stream->cached_keys + j * row + (size_t)kv * d, h->keys + (size_t)j * d);
        memcpy(h->values + (size_t)j * d, stream->cached_values + j * row + (size_t)kv * d, d * sizeof(real));
        round_row(stream, kv * d, d, h->keys + (size_t)j * d, h->values + (size_t)j * d);
    }
    for (uint32_t t = 0; t < stream->count; t++) {
        const uint32_t j = stream->before + t;
        const real *key = stream->inputs + t * stream->inputs_stride + keys_at;
        turn(attention, j, 1, key, h->keys + (size_t)j * d);
        memcpy(h->values + (size_t)j * d, key + row, d * sizeof(real));
        round_row(stream, kv * d, d, h->keys + (size_t)j * d, h->values + (size_t)j * d);
        scale(d, kept(stream, t, kv), h->values + (size_t)j * d);
    }
}

/* The step of a lane; lanes behind the last step repeat it. */
static uint32_t lane_step(const db_attention_stream *stream, uint32_t block, uint32_t lane)
{
    return block + lane < stream->count ? block + lane : stream->count - 1;
}

DB_VECTOR static void gather_queries(const db_attention *attention, const db_attention_stream *stream, uint32_t number,
                                     uint32_t block, const head *h)
{
    const uint32_t d = attention->width;
    const real scale = 1 / (real)sqrt((double)d);
    for (uint32_t l = 0; l < LANES; l++) {
        const uint32_t t = lane_step(stream, block, l);
        turn(attention, stream->before + t, 1, stream->inputs + t * stream->inputs_stride + (size_t)number * d,
             h->turned);
        for (uint32_t c = 0; c < d; c++) {
            h->q[c][l] = scale * h->turned[c];
        }
    }
}

/* to [d] of rows [d], zero behind the last step. */
static void gather_rows(const db_attention_stream *stream, const real *rows, uint32_t number, uint32_t block,
                        uint32_t d, lanes *to)
{
    for (uint32_t l = 0; l < LANES; l++) {
        const bool there = block + l < stream->count;
        const real *row = rows + lane_step(stream, block, l) * stream->out_stride + (size_t)number * d;
        for (uint32_t c = 0; c < d; c++) {
            to[c][l] = there ? row[c] : 0;
        }
    }
}

static void scatter_out(const db_attention_stream *stream, uint32_t number, uint32_t block, const head *h)
{
    for (uint32_t l = 0; l < LANES && block + l < stream->count; l++) {
        real *row = stream->out + (block + l) * stream->out_stride + (size_t)number * h->width;
        for (uint32_t c = 0; c < h->width; c++) {
            row[c] = h->o[c][l];
        }
    }
}

DB_VECTOR static void scatter_dqueries(const db_attention *attention, const db_attention_stream *stream,
                                       uint32_t number, uint32_t block, const head *h, real *dinputs)
{
    const uint32_t d = attention->width;
    const real scale = 1 / (real)sqrt((double)d);
    for (uint32_t l = 0; l < LANES && block + l < stream->count; l++) {
        const uint32_t t = block + l;
        for (uint32_t c = 0; c < d; c++) {
            h->turned[c] = scale * h->dq[c][l];
        }
        turn(attention, stream->before + t, -1, h->turned, dinputs + t * stream->inputs_stride + (size_t)number * d);
    }
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

/* Gradients of the window's own keys and values. */
DB_VECTOR static void scatter_dkeys(const db_attention *attention, const db_attention_stream *stream, uint32_t kv,
                                    const head *h, real *dinputs)
{
    const uint32_t d = attention->width;
    const size_t row = (size_t)attention->kv_heads * d, keys_at = (size_t)attention->heads * d + (size_t)kv * d;
    for (uint32_t t = 0; t < stream->count; t++) {
        const size_t at = (size_t)(stream->before + t) * d;
        real *to = dinputs + t * stream->inputs_stride + keys_at;
        for (uint32_t c = 0; c < d; c++) {
            h->turned[c] = add_up(h->dkeys + at + c);
            to[row + c] = kept(stream, t, kv) * add_up(h->dvalues + at + c);
        }
        turn(attention, stream->before + t, -1, h->turned, to);
    }
}

/* ---- A block of queries ---- */

/* Which keys a block's queries see: lane l those from first[l] to last[l]; all of them those from inner to last[0]. */
typedef struct {
    uint32_t first[LANES], last[LANES];
    uint32_t from, inner, to; /* from: the first that any sees; to: behind the last */
} span;

static span make_span(const db_attention_stream *stream, uint32_t block)
{
    span s;
    for (uint32_t l = 0; l < LANES; l++) {
        const uint32_t t = lane_step(stream, block, l);
        s.first[l] = stream->first[t];
        s.last[l] = stream->before + t;
    }
    s.from = s.first[0];
    s.inner = s.first[LANES - 1];
    s.to = s.last[LANES - 1] + 1;
    return s;
}

/* Scores that a lane does not see become the least there is. */
INLINE void hide(const span *seen, uint32_t j, lanes *s)
{
    if (j >= seen->inner && j <= seen->last[0]) {
        return;
    }
    for (uint32_t l = 0; l < LANES; l++) {
        (*s)[l] = j >= seen->first[l] && j <= seen->last[l] ? (*s)[l] : -INFINITY;
    }
}

/* scores [from..to) = the block's queries times the keys. */
INLINE void find_scores(const head *h, const span *seen)
{
    for (uint32_t j = seen->from; j < seen->to; j++) {
        const real *key = h->keys + (size_t)j * h->width;
        lanes s = {0};
        for (uint32_t c = 0; c < h->width; c++) {
            s += key[c] * h->q[c];
        }
        hide(seen, j, &s);
        h->scores[j] = s;
    }
}

/* exp(s - shift), and 0 where it is hidden; in place. */
INLINE void exponentials(lanes *s, const lanes *shift)
{
    real in[LANES], out[LANES];
    const lanes difference = *s - *shift;
    memcpy(in, &difference, sizeof in);
    for (uint32_t l = 0; l < LANES; l++) {
        const real e = db_exp(in[l]);
        out[l] = in[l] > -INFINITY ? e : 0;
    }
    memcpy(s, out, sizeof out);
}

/* sums [columns] = the sum over j of factors[j] times row j [d] from column `at` on. Few sums at a time, so that they
 * stay in registers. */
INLINE void sum_rows(const span *seen, const lanes *factors, const real *rows, uint32_t d, uint32_t at,
                     const uint32_t columns, lanes *sums)
{
    lanes local[4] = {{0}};
    for (uint32_t j = seen->from; j < seen->to; j++) {
        const real *row = rows + (size_t)j * d + at;
        const lanes factor = factors[j];
        for (uint32_t c = 0; c < columns; c++) {
            local[c] += row[c] * factor;
        }
    }
    for (uint32_t c = 0; c < columns; c++) {
        sums[at + c] = local[c];
    }
}

INLINE void sum_all_rows(const span *seen, const lanes *factors, const real *rows, uint32_t d, lanes *sums)
{
    uint32_t at = 0;
    for (; at + 4 <= d; at += 4) {
        sum_rows(seen, factors, rows, d, at, 4, sums);
    }
    if (at + 2 <= d) {
        sum_rows(seen, factors, rows, d, at, 2, sums);
        at += 2;
    }
    if (at < d) {
        sum_rows(seen, factors, rows, d, at, 1, sums);
    }
}

/* h->o = the block's outputs; log_sums [LANES]. */
DB_VECTOR static void block_forward(const head *h, const span *seen, real *log_sums)
{
    lanes top, sum = {0};
    real highest[LANES];
    find_scores(h, seen);
    for (uint32_t l = 0; l < LANES; l++) {
        highest[l] = -INFINITY;
    }
    for (uint32_t j = seen->from; j < seen->to; j++) {
        const real *s = (const real *)&h->scores[j];
        for (uint32_t l = 0; l < LANES; l++) {
            highest[l] = s[l] > highest[l] ? s[l] : highest[l];
        }
    }
    memcpy(&top, highest, sizeof top);
    for (uint32_t j = seen->from; j < seen->to; j++) {
        exponentials(&h->scores[j], &top);
        sum += h->scores[j];
    }
    sum_all_rows(seen, h->scores, h->values, h->width, h->o);
    for (uint32_t c = 0; c < h->width; c++) {
        h->o[c] /= sum;
    }
    for (uint32_t l = 0; l < LANES; l++) {
        log_sums[l] = top[l] + (real)log((double)sum[l]);
    }
}

/* From h->dout and `along`, the sums of dout out: h->dq is written, h->dkeys and h->dvalues are added to. */
DB_VECTOR static void block_backward(const head *h, const span *seen, const lanes *log_sums, const lanes *along)
{
    const uint32_t d = h->width;
    find_scores(h, seen);
    for (uint32_t j = seen->from; j < seen->to; j++) {
        const real *value = h->values + (size_t)j * d;
        lanes *restrict dkey = h->dkeys + (size_t)j * d, *restrict dvalue = h->dvalues + (size_t)j * d;
        exponentials(&h->scores[j], log_sums);
        const lanes p = h->scores[j];
        lanes ds = -*along;
        for (uint32_t c = 0; c < d; c++) {
            ds += value[c] * h->dout[c];
            dvalue[c] += p * h->dout[c];
        }
        ds *= p;
        h->dscores[j] = ds;
        for (uint32_t c = 0; c < d; c++) {
            dkey[c] += ds * h->q[c];
        }
    }
    sum_all_rows(seen, h->dscores, h->keys, d, h->dq);
}

/* ---- A stream ---- */

void db_attention_forward(const db_attention *attention, const db_attention_stream *stream)
{
    const head h = make_head(attention);
    const uint32_t group = attention->heads / attention->kv_heads;
    for (uint32_t number = 0; number < attention->heads; number++) {
        if (number % group == 0) {
            gather_keys(attention, stream, number / group, &h);
        }
        for (uint32_t block = 0; block < stream->count; block += LANES) {
            const span seen = make_span(stream, block);
            real log_sums[LANES] = {0};
            gather_queries(attention, stream, number, block, &h);
            block_forward(&h, &seen, log_sums);
            scatter_out(stream, number, block, &h);
            for (uint32_t l = 0; l < LANES && block + l < stream->count; l++) {
                stream->log_sums[(block + l) * stream->log_sums_stride + number] = log_sums[l];
            }
        }
    }
}

/* Backward through one block; h->keys and h->values are there. */
static void backward_block(const db_attention *attention, const db_attention_stream *stream, uint32_t number,
                           uint32_t block, const head *h, const real *dout, real *dinputs)
{
    const uint32_t d = attention->width;
    const span seen = make_span(stream, block);
    lanes log_sums = {0}, along = {0};
    gather_queries(attention, stream, number, block, h);
    gather_rows(stream, stream->out, number, block, d, h->o);
    gather_rows(stream, dout, number, block, d, h->dout);
    for (uint32_t l = 0; l < LANES; l++) {
        log_sums[l] = stream->log_sums[lane_step(stream, block, l) * stream->log_sums_stride + number];
    }
    for (uint32_t c = 0; c < d; c++) {
        along += h->o[c] * h->dout[c];
    }
    block_backward(h, &seen, &log_sums, &along);
    scatter_dqueries(attention, stream, number, block, h, dinputs);
}

void db_attention_backward(const db_attention *attention, const db_attention_stream *stream, const real *dout,
                           real *dinputs)
{
    const head h = make_head(attention);
    const uint32_t group = attention->heads / attention->kv_heads;
    const size_t keys = (size_t)(stream->before + stream->count) * attention->width;
    for (uint32_t kv = 0; kv < attention->kv_heads; kv++) {
        gather_keys(attention, stream, kv, &h);
        memset(h.dkeys, 0, keys * sizeof *h.dkeys);
        memset(h.dvalues, 0, keys * sizeof *h.dvalues);
        for (uint32_t number = kv * group; number < (kv + 1) * group; number++) {
            for (uint32_t block = 0; block < stream->count; block += LANES) {
                backward_block(attention, stream, number, block, &h, dout, dinputs);
            }
        }
        scatter_dkeys(attention, stream, kv, &h, dinputs);
    }
}
