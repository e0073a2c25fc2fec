/*
 * What stands between the matrices of a transformer's feed-forward part:
 *   ReLU          max(u, 0)
 *   squared ReLU  max(u, 0)^2  (So et al., "Primer: Searching for Efficient Transformers", 2021)
 *   SiLU          u sigmoid(u)  (Elfwing et al., "Sigmoid-weighted linear units", 2018)
 *   SwiGLU        g sigmoid(g) u, gate g and u from a matrix each (Shazeer, "GLU Variants Improve Transformer", 2020)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_FEED_FORWARD_H
#define DB_NN_FEED_FORWARD_H

#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

/* Returns how many values a row takes in for `hidden` that it gives out: hidden, or twice that for SwiGLU (gate,
 * then up). `kind`: enum db_feed_forward. */
size_t db_feed_forward_inputs(uint32_t kind, size_t hidden);

/* out [n][hidden] of in [n][inputs]. */
void db_feed_forward_forward(uint32_t kind, size_t n, size_t hidden, const real *in, real *out);

/* From dout [n][hidden] to din [n][inputs], which may be `in` itself. */
void db_feed_forward_backward(uint32_t kind, size_t n, size_t hidden, const real *in, const real *dout, real *din);

#endif
