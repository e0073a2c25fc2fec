/*
 * Root-mean-square normalisation (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019) without a gain:
 * a gain by channel folds into the columns of the matrix that follows.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_RMSNORM_H
#define DB_NN_RMSNORM_H

#include <stddef.h>

#include "nn/real.h"

/* Added to the mean square, so that zero stays zero. */
#define DB_RMSNORM_EPSILON 1e-5

/* out [n][width] = x [n][width] times scale [n], where scale = 1 / sqrt(mean of x^2 + epsilon) by row. */
void db_rmsnorm_forward(size_t n, size_t width, const real *x, real *out, real *scale);

/* dx [n][width] += the gradient by x, from dout [n][width] and what the forward pass left in out and scale. */
void db_rmsnorm_backward(size_t n, size_t width, const real *out, const real *scale, const real *dout, real *dx);

#endif
