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

/* values [count] to the nearest of -128..127 times `unit` (> 0), halves up. */
void db_round_inputs(size_t count, real unit, real *values);

/* out [count] = values [count] as a layer's output, Q0.7: the nearest of -128/128..127/128, halves up. `out` may be
 * `values`. */
void db_round_outputs(size_t count, const real *values, real *out);

#endif
