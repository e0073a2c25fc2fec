/*
 * The plain output layer: logits = h W^T + b, softmax, cross-entropy. Also the tied one, whose
 * W is the embedding table.
 *
 * Logits exist only for DB_OUTPUT_CHUNK positions at a time, and once: the gradient replaces
 * them in place. At half precision they do not exist at all (nn/bf16_softmax.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_DENSE_H
#define DB_NN_DENSE_H

#include <stddef.h>
#include <stdint.h>

#include "nn/linear.h"
#include "nn/real.h"

enum { DB_OUTPUT_CHUNK = 256 };

typedef struct {
    uint32_t vocab, hidden;  /* V, H */
    const db_linear *linear; /* [V][H] */
    const real *bias;        /* [V] */
} db_dense;

/* logits [n][V] of h [n][H]. */
void db_dense_logits(const db_dense *layer, size_t n, const real *h, real *logits);

/* The reals of scratch, aligned as db_allocate() has it, that the functions below need. */
size_t db_dense_scratch(uint32_t vocab, uint32_t hidden);

/* The loss of targets [n], each < V; nats [n] or NULL
 * gets each position's loss.
 * Returns the sum of -ln p(target). */
double db_dense_loss(const db_dense *layer, size_t n, const real *h, const uint16_t *targets, real *scratch,
                     float *nats);

/* The same loss, and the gradients of scale * loss: dh [n][H] is written, dweight [V][H] and dbias [V] are
 * added to.
 * Returns the sum of -ln p(target), without the scale. */
double db_dense_backward(const db_dense *layer, size_t n, const real *h, const uint16_t *targets, real scale,
                         real *scratch, real *dh, real *dweight, real *dbias);

#endif
