/*
 * Root-mean-square normalisation, forward and backward.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/rmsnorm.h"

#include <math.h>

#include "nn/vector.h"

/* Sums are kept in LANES parts, for the same order of additions on every instruction set. */
enum { LANES = 16 };

static inline real dot(size_t count, const real *a, const real *b)
{
    real lanes[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] += a[i + l] * b[i + l];
        }
    }
    for (; i < count; i++) {
        sum += a[i] * b[i];
    }
    for (size_t l = 0; l < LANES; l++) {
        sum += lanes[l];
    }
    return sum;
}

DB_VECTOR void db_rmsnorm_forward(size_t n, size_t width, const real *x, real *out, real *scale)
{
    for (size_t i = 0; i < n; i++) {
        const real *from = x + i * width;
        real *restrict to = out + i * width;
        const real s = 1 / (real)sqrt(dot(width, from, from) / (real)width + (real)DB_RMSNORM_EPSILON);
        for (size_t j = 0; j < width; j++) {
            to[j] = s * from[j];
        }
        scale[i] = s;
    }
}

/* With y = s x: dx = s (dy - y mean(dy y)), as ds/dx = -s^2 y / width. */
DB_VECTOR void db_rmsnorm_backward(size_t n, size_t width, const real *out, const real *scale, const real *dout,
                                   real *dx)
{
    for (size_t i = 0; i < n; i++) {
        const real *y = out + i * width, *dy = dout + i * width, s = scale[i];
        real *restrict to = dx + i * width;
        const real mean = dot(width, dy, y) / (real)width;
        for (size_t j = 0; j < width; j++) {
            to[j] += s * (dy[j] - y[j] * mean);
        }
    }
}
