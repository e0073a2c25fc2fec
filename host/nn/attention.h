/*
 * Causal attention with rotary positions and grouped queries, one stream at a time:
 *     out(i) = sum over j of softmax over j (q(i) k(j) / sqrt(d)) v(j),   first(i) <= j <= i
 * in each head of width d. Several heads of queries may share one of keys and values (Ainslie et al., "GQA", 2023).
 * Scores never leave the scratch of one head; the backward pass makes them again (as Dao et al., "FlashAttention",
 * 2022).
 *
 * Positions turn queries and keys (Su et al., "RoFormer", 2021). Of a head's d components the first r = d rounded down
 * to even are turned, and a last one stays as it is: components c and c + r/2, 0 <= c < r/2, by the angle
 * position * base^(-2 c / r). Only differences of positions matter, so they may be counted from anywhere.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_ATTENTION_H
#define DB_NN_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

/* The heads' shape, and scratch for one thread. */
typedef struct {
    uint32_t heads, kv_heads, width; /* width: d, of a head */
    uint32_t longest;                /* keys that there may be, cached ones counted */
    real *cosines, *sines;           /* [r / 2][longest] */
    real *scratch;
} db_attention;

/* One stream's part of a window: queries and keys at steps 0..count-1, behind `before` keys of windows before. Row t
 * of an array over steps is `..._stride` reals behind row t - 1. */
typedef struct {
    uint32_t count, before;
    const uint32_t *first;                   /* [count] the first key that each query sees, cached ones counted */
    const real *inputs;                      /* rows: queries [heads][d], keys [kv_heads][d], values [kv_heads][d] */
    const real *cached_keys, *cached_values; /* [before][kv_heads][d], keys not turned */
    const real *keep;                        /* rows [kv_heads]: factors of values, for dropout; NULL: all 1 */
    real *out;                               /* rows [heads][d] */
    real *log_sums;                      /* [heads][log_sums_stride]: log2 of each step's denominator of the softmax,
                                            for the backward pass */
    const real *key_units, *value_units; /* [kv_heads][d]: turned keys and values are rounded to (nn/rounding.h), keys
                                            to at most key_most of them; NULL: they are not */
    real key_most;
    size_t inputs_stride, keep_stride, out_stride, log_sums_stride;
} db_attention_stream;

/* heads, kv_heads and rotary_base (0: nothing is turned) as in nn/config.h. Freed with db_attention_free(). */
void db_attention_make(db_attention *attention, uint32_t heads, uint32_t kv_heads, uint32_t width, uint32_t longest,
                       double rotary_base);
void db_attention_free(db_attention *attention);

/* Writes out and log_sums. */
void db_attention_forward(const db_attention *attention, const db_attention_stream *stream);

/* From dout (rows as out, with its stride) to dinputs (rows as inputs, with its stride; overwritten). Nothing flows
 * back into cached keys and values. */
void db_attention_backward(const db_attention *attention, const db_attention_stream *stream, const real *dout,
                           real *dinputs);

#endif
