/*
 * The three matrix products of a linear map y = x W^T, and nothing else: all of the
 * trainer's heavy arithmetic goes through here. Row-major, contiguous, no aliasing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_LINEAR_H
#define DB_NN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/real.h"

/* y [n][rows] = x [n][cols] * weight [rows][cols]^T, added to what y holds with `add`. */
void db_linear_forward(size_t n, size_t rows, size_t cols, const real *x, const real *weight, bool add, real *y);

/* dx [n][cols] = dy [n][rows] * weight [rows][cols], added to what dx holds with `add`. */
void db_linear_backward_input(size_t n, size_t rows, size_t cols, const real *dy, const real *weight, bool add,
                              real *dx);

/* dweight [rows][cols] = dy [n][rows]^T * x [n][cols], added to what dweight holds with `add`. */
void db_linear_backward_weight(size_t n, size_t rows, size_t cols, const real *dy, const real *x, bool add,
                               real *dweight);

/* dbias [rows] += the sum of dy [n][rows] over n. */
void db_linear_backward_bias(size_t n, size_t rows, const real *dy, real *dbias);

/* Keeps the products on the calling thread: the trainer's own threads are the parallelism.
 * Returns the number of threads used so far, to be given back when done. */
int db_linear_set_threads(int threads);

#endif
