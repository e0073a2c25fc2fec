/*
 * Activations of the feed-forward part, forward and backward.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/feed_forward.h"

#include "nn/config.h"
#include "nn/vector.h"

size_t db_feed_forward_inputs(uint32_t kind, size_t hidden)
{
    return kind == DB_SWIGLU ? 2 * hidden : hidden;
}

DB_VECTOR static void relu_forward(size_t count, const real *in, real *restrict out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = in[i] > 0 ? in[i] : 0;
    }
}

DB_VECTOR static void relu_backward(size_t count, const real *in, const real *dout, real *din)
{
    for (size_t i = 0; i < count; i++) {
        din[i] = in[i] > 0 ? dout[i] : 0;
    }
}

DB_VECTOR static void relu2_forward(size_t count, const real *in, real *restrict out)
{
    for (size_t i = 0; i < count; i++) {
        const real positive = in[i] > 0 ? in[i] : 0;
        out[i] = positive * positive;
    }
}

DB_VECTOR static void relu2_backward(size_t count, const real *in, const real *dout, real *din)
{
    for (size_t i = 0; i < count; i++) {
        const real positive = in[i] > 0 ? in[i] : 0;
        din[i] = 2 * positive * dout[i];
    }
}

DB_VECTOR static void silu_forward(size_t count, const real *in, real *restrict out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = in[i] * db_sigmoid(in[i]);
    }
}

DB_VECTOR static void silu_backward(size_t count, const real *in, const real *dout, real *din)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        const real s = db_sigmoid(in[i]);
        din[i] = dout[i] * s * (1 + in[i] * (1 - s));
    }
}

/* One row. */
DB_VECTOR static void swiglu_forward(size_t hidden, const real *in, real *restrict out)
{
    const real *gate = in, *up = in + hidden;
    for (size_t i = 0; i < hidden; i++) {
        out[i] = gate[i] * db_sigmoid(gate[i]) * up[i];
    }
}

DB_VECTOR static void swiglu_backward(size_t hidden, const real *in, const real *dout, real *din)
{
    const real *gate = in, *up = in + hidden;
    real *dgate = din, *dup = din + hidden;
#pragma omp simd
    for (size_t i = 0; i < hidden; i++) {
        const real s = db_sigmoid(gate[i]), g = gate[i], u = up[i];
        dgate[i] = dout[i] * u * s * (1 + g * (1 - s));
        dup[i] = dout[i] * g * s;
    }
}

void db_feed_forward_forward(uint32_t kind, size_t n, size_t hidden, const real *in, real *out)
{
    switch (kind) {
    case DB_RELU:
        relu_forward(n * hidden, in, out);
        break;
    case DB_RELU2:
        relu2_forward(n * hidden, in, out);
        break;
    case DB_SILU:
        silu_forward(n * hidden, in, out);
        break;
    default:
        for (size_t i = 0; i < n; i++) {
            swiglu_forward(hidden, in + 2 * i * hidden, out + i * hidden);
        }
    }
}

void db_feed_forward_backward(uint32_t kind, size_t n, size_t hidden, const real *in, const real *dout, real *din)
{
    switch (kind) {
    case DB_RELU:
        relu_backward(n * hidden, in, dout, din);
        break;
    case DB_RELU2:
        relu2_backward(n * hidden, in, dout, din);
        break;
    case DB_SILU:
        silu_backward(n * hidden, in, dout, din);
        break;
    default:
        for (size_t i = 0; i < n; i++) {
            swiglu_backward(hidden, in + 2 * i * hidden, dout + i * hidden, din + 2 * i * hidden);
        }
    }
}
