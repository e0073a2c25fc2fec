/*
 * The three matrix products of a linear map y = x W^T: all of the trainer's heavy arithmetic goes
 * through here. In full precision they are CBLAS calls; at half precision operands are rounded to
 * bfloat16 on the way in, sums stay in float (nn/bf16.h).
 *
 * Matrices are row-major and contiguous; nothing may overlap.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_LINEAR_H
#define DB_NN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

/* Where half precision packs the operands of a product, for one thread. Linear maps that take turns share one, so that
 * it stays in the processor's cache. Zero at first; db_linear_make() makes it as large as is needed. */
typedef struct {
    uint32_t *left, *right;
    size_t left_words, right_words;
} db_linear_scratch;

void db_linear_scratch_free(db_linear_scratch *scratch);

/* A weight matrix made ready for products. */
typedef struct {
    size_t rows, cols;
    const real *weight;           /* [rows][cols], the caller's */
    bool half;                    /* products are in half precision, as loaded last */
    uint32_t *forward, *backward; /* half precision: the weights packed both ways; else NULL */
    db_linear_scratch *scratch;   /* half precision: the caller's; else NULL */
} db_linear;

/* Whether half precision is to be had on this CPU (and in this build). */
bool db_linear_has_half(void);

/* For products of at most `positions` rows of x: in half precision, which needs db_linear_has_half(), with a `scratch`
 * that outlives the map; in full precision with NULL. */
void db_linear_make(db_linear *linear, size_t rows, size_t cols, size_t positions, db_linear_scratch *scratch);
void db_linear_free(db_linear *linear);

/* Takes the weights [rows][cols] as they are now; to be called again when they have changed. With `full`
 * the next products are in full precision even where half was asked for. */
void db_linear_load(db_linear *linear, const real *weight, bool full);

/* y [n][rows] = x [n][cols] * weight^T + bias [rows]. */
void db_linear_forward(const db_linear *linear, size_t n, const real *x, const real *bias, real *y);

/* y [n][rows] = x [n][cols] * weight^T, added to what y holds with `add`. */
void db_linear_product(const db_linear *linear, size_t n, const real *x, bool add, real *y);

/* dx [n][cols] = dy [n][rows] * weight. */
void db_linear_backward_input(const db_linear *linear, size_t n, const real *dy, real *dx);

/* dweight [rows][cols] += dy [n][rows]^T * x [n][cols]. */
void db_linear_backward_weight(const db_linear *linear, size_t n, const real *dy, const real *x, real *dweight);

/* dbias [rows] += the sum of dy [n][rows] over n. */
void db_linear_backward_bias(size_t n, size_t rows, const real *dy, real *dbias);

/* Softmax, cross-entropy and their gradients fused with the products of an output layer y = x weight^T + bias, for x
 * [n][cols], n at most DB_LINEAR_SOFTMAX, and targets [n], each < rows: dx [n][cols] is written with the gradient of
 * scale * loss, dweight and dbias are added to, `*nats` is the sum of -ln p(target). `scratch` is of
 * db_linear_softmax_scratch() bytes.
 * Returns false where that cannot be had, at full precision for one; then dx is undefined, nothing else touched. */
enum { DB_LINEAR_SOFTMAX = 256 };
size_t db_linear_softmax_scratch(size_t rows, size_t cols);
bool db_linear_softmax(const db_linear *linear, size_t n, const real *x, const real *bias, const uint16_t *targets,
                       real scale, void *scratch, real *dx, real *dweight, real *dbias, double *nats);

/* Keeps the products on the calling thread: the trainer's own threads are the parallelism.
 * Returns the number of threads used so far, to be given back when done. */
int db_linear_set_threads(int threads);

#endif
