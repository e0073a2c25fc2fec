/*
 * The class-factored output layer: p(word) = p(class) p(word | class), so that a word reads
 * C + V / C rows of weights instead of V (Goodman, "Classes for Fast Maximum Entropy Training", 2001).
 *
 * The vocabulary is laid out in an order that keeps the words of a class together: class c owns the places
 * V c / C up to V (c + 1) / C (rounded down), and the rows of weight and bias are in that order.
 * Tensor output.order holds the token at each place, as numbers; it is not trained.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_FACTORED_H
#define DB_NN_FACTORED_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "nn/linear.h"
#include "nn/real.h"

typedef struct {
    uint32_t vocab, hidden, classes; /* V, H, C */
    const db_linear *class_linear;   /* [C][H] */
    const real *class_bias;          /* [C] */
    const real *weight;              /* [V][H] by place */
    const real *bias;                /* [V] by place */
    const uint16_t *places;          /* [V] the place of each token */
    real *scratch;                   /* db_factored_scratch() reals */
} db_factored;

typedef struct {
    real *class_weight, *class_bias, *weight, *bias; /* laid out as the layer's; added to */
} db_factored_gradient;

/* The first place of class c, 0 <= c <= C. */
uint32_t db_factored_start(uint32_t vocab, uint32_t classes, uint32_t c);

/* Turns order [vocab] round: places[order[i]] = i.
 * Returns 0, or -1 with the error set where `order` does not name every token once. */
int db_factored_places(uint32_t vocab, const real *order, uint16_t *places, db_error *error);

/* The scratch for at most n positions. */
size_t db_factored_scratch(uint32_t vocab, uint32_t hidden, uint32_t classes, size_t n);

/* ln p of every token, [n][V], after h [n][H]. */
void db_factored_logits(const db_factored *layer, size_t n, const real *h, real *logits);

/* As db_dense_loss(). */
double db_factored_loss(const db_factored *layer, size_t n, const real *h, const uint16_t *targets, float *nats);

/* As db_dense_backward(). */
double db_factored_backward(const db_factored *layer, size_t n, const real *h, const uint16_t *targets, real scale,
                            real *dh, const db_factored_gradient *gradient);

#endif
