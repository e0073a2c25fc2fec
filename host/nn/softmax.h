/*
 * Softmax, cross-entropy and its gradient in one pass over the logits, in place.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_SOFTMAX_H
#define DB_NN_SOFTMAX_H

#include <stddef.h>

#include "nn/real.h"

/* -ln softmax(logits [count])[target]; leaves logits as they are.
 * Returns nats. */
double db_softmax_loss(size_t count, const real *logits, size_t target);

/* The same, and logits becomes scale * (softmax - onehot(target)), the gradient of scale * loss.
 * Returns nats. */
double db_softmax_gradient(size_t count, real *logits, size_t target, real scale);

#endif
