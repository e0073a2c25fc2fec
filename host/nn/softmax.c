/*
 * Softmax and cross-entropy.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/softmax.h"

#include <math.h>

#include "nn/vector.h"

/* Sums are kept in LANES separate parts, so that the compiler may use vectors and the order of
 * additions is the same on every instruction set. */
enum { LANES = 16 };

DB_VECTOR static real maximum(size_t count, const real *values)
{
    real lanes[LANES], best = values[0];
    size_t i = 0;
    for (size_t l = 0; l < LANES; l++) {
        lanes[l] = best;
    }
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] = values[i + l] > lanes[l] ? values[i + l] : lanes[l];
        }
    }
    for (; i < count; i++) {
        best = values[i] > best ? values[i] : best;
    }
    for (size_t l = 0; l < LANES; l++) {
        best = lanes[l] > best ? lanes[l] : best;
    }
    return best;
}

static real add_up(const real lanes[LANES])
{
    real sum = 0;
    for (size_t l = 0; l < LANES; l++) {
        sum += lanes[l];
    }
    return sum;
}

/* Returns the sum of exp(values - shift). */
DB_VECTOR static real sum_exp(size_t count, const real *values, real shift)
{
    real lanes[LANES] = {0}, rest = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] += db_exp(values[i + l] - shift);
        }
    }
    for (; i < count; i++) {
        rest += db_exp(values[i] - shift);
    }
    return add_up(lanes) + rest;
}

/* values = exp(values - shift); returns their sum. */
DB_VECTOR static real replace_exp(size_t count, real *values, real shift)
{
    real lanes[LANES] = {0}, rest = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            const real e = db_exp(values[i + l] - shift);
            values[i + l] = e;
            lanes[l] += e;
        }
    }
    for (; i < count; i++) {
        values[i] = db_exp(values[i] - shift);
        rest += values[i];
    }
    return add_up(lanes) + rest;
}

DB_VECTOR static void multiply(size_t count, real *values, real factor)
{
    for (size_t i = 0; i < count; i++) {
        values[i] *= factor;
    }
}

double db_softmax_loss(size_t count, const real *logits, size_t target)
{
    const real top = maximum(count, logits);
    return log((double)sum_exp(count, logits, top)) + (double)top - (double)logits[target];
}

double db_softmax_gradient(size_t count, real *logits, size_t target, real scale)
{
    const real top = maximum(count, logits);
    const double shifted = (double)(logits[target] - top);
    const real sum = replace_exp(count, logits, top);
    multiply(count, logits, scale / sum);
    logits[target] -= scale;
    return log((double)sum) - shifted;
}
