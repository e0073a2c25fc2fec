/*
 * Activations as whole numbers of a small unit, the way the integer runtime holds them (docs/NUMERICS.md), for
 * quantization-aware training. The backward pass goes through as if nothing had been rounded (the straight-through
 * estimator: Bengio, Leonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons",
 * 2013).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_ROUNDING_H
#define DB_NN_ROUNDING_H

#include <stddef.h>

#include "nn/real.h"

/* A transformer layer's: units of the int8 that its matrices read, and of what its cache of keys and values holds. */
typedef struct {
    real norm1, attended, norm2, active; /* in the order of the matrices; > 0 */
    const real *keys, *values;           /* [kv_heads d], of keys as their positions have turned them */
} db_block_rounding;

/* What is rounded. Recurrent layers have `input`, transformers `blocks` and what follows; the others are 0. */
typedef struct {
    real input;                      /* unit of embedded inputs; layers' outputs are in Q0.7 */
    const db_block_rounding *blocks; /* [layers], the caller's */
    real last;                       /* unit of what a transformer's output matrix reads */
    real key_most;                   /* the most units of a key: 127 or 2047 */
} db_activation_rounding;

/* values [count] to the nearest of -128..127 times `unit` (> 0), halves up. */
void db_round_inputs(size_t count, real unit, real *values);

/* gradient [count] = 0 where rounded [count], left by db_round_inputs() with `unit`, is the most or least that it can
 * be: what was cut off there would grow without any effect. */
void db_stop_cut_off(size_t count, real unit, const real *rounded, real *gradient);

/* out [count] = values [count] as a layer's output, Q0.7: the nearest of -128/128..127/128, halves up. `out` may be
 * `values`. */
void db_round_outputs(size_t count, const real *values, real *out);

/* values [count] to the nearest of -most - 1..most times `unit`, halves up; most < 2^20. */
void db_round_units(size_t count, real unit, real most, real *values);

#endif
