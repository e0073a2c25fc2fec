/* SPDX-License-Identifier: MIT */
#include "pack/gptq.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define DAMPING 0.01

/* ---- Matrices [n][n] ---- */

/* In place: the lower triangle becomes L with L L^T = the matrix. Positive definite thanks to the damping. */
static void cholesky(double *a, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double *row = a + (size_t)i * n;
        for (uint32_t j = 0; j <= i; j++) {
            const double *other = a + (size_t)j * n;
            double sum = row[j];
            for (uint32_t k = 0; k < j; k++)
                sum -= row[k] * other[k];
            row[j] = j == i ? sqrt(fmax(sum, 1e-300)) : sum / other[j];
        }
    }
}

/* out = the inverse of L, lower triangle; zero above. */
static void invert_lower(double *out, const double *l, uint32_t n)
{
    memset(out, 0, (size_t)n * n * sizeof *out);
    for (uint32_t i = 0; i < n; i++) {
        double *row = out + (size_t)i * n;
        for (uint32_t k = 0; k < i; k++) {
            const double weight = l[(size_t)i * n + k], *above = out + (size_t)k * n;
            for (uint32_t j = 0; j <= k; j++)
                row[j] -= weight * above[j];
        }
        row[i] = 1;
        for (uint32_t j = 0; j <= i; j++)
            row[j] /= l[(size_t)i * n + i];
    }
}

/* The same matrix with rows and columns in reverse order. */
static void reverse(double *a, uint32_t n)
{
    const size_t count = (size_t)n * n;
    for (size_t i = 0; i < count / 2; i++) {
        const double kept = a[i];
        a[i] = a[count - 1 - i];
        a[count - 1 - i] = kept;
    }
}

/* ---- The factor ---- */

void db_gptq_make(db_gptq *out, const double *moments, uint32_t cols)
{
    const size_t count = (size_t)cols * cols;
    *out = (db_gptq){.cols = cols};
    out->moments = db_allocate(count * sizeof(double));
    out->factor = db_allocate(count * sizeof(double));
    memcpy(out->moments, moments, count * sizeof(double));
    double mean = 0;
    for (uint32_t c = 0; c < cols; c++)
        mean += moments[c * (size_t)cols + c] / cols;
    for (uint32_t c = 0; c < cols; c++)
        out->moments[c * (size_t)cols + c] += mean > 0 ? DAMPING * mean : 1;

    /* In reverse order H = L L^T, so in the usual one H = R R^T with R upper; then H^-1 = R^-T R^-1, and the upper
     * factor that is wanted is R^-1. */
    double *lower = db_allocate(count * sizeof(double));
    memcpy(lower, out->moments, count * sizeof(double));
    reverse(lower, cols);
    cholesky(lower, cols);
    invert_lower(out->factor, lower, cols);
    reverse(out->factor, cols);
    free(lower);
    for (uint32_t i = 0; i < cols; i++) {
        double *row = out->factor + (size_t)i * cols;
        for (uint32_t j = cols; j-- > i;)
            row[j] /= row[i];
    }
}

void db_gptq_free(db_gptq *gptq)
{
    free(gptq->moments);
    free(gptq->factor);
    *gptq = (db_gptq){0};
}

/* ---- Rows ---- */

static int nearest(double value, double step, int least, int most)
{
    if (!(step > 0))
        return 0;
    const double units = floor(value / step + 0.5);
    return units < least ? least : units > most ? most : (int)units;
}

void db_gptq_round(const db_gptq *gptq, const float *values, const double *steps, int least, int most, int8_t *weights,
                   double *scratch)
{
    const uint32_t cols = gptq->cols;
    for (uint32_t c = 0; c < cols; c++)
        scratch[c] = (double)values[c];
    for (uint32_t c = 0; c < cols; c++) {
        const double *feedback = gptq->factor + (size_t)c * cols;
        weights[c] = (int8_t)nearest(scratch[c], steps[c], least, most);
        const double error = scratch[c] - weights[c] * steps[c];
        for (uint32_t k = c + 1; k < cols; k++)
            scratch[k] -= error * feedback[k];
    }
}

/* scratch = H (values - weights * steps). */
static void gradient_of(const db_gptq *gptq, const float *values, const double *steps, const int8_t *weights,
                        double *scratch)
{
    const uint32_t cols = gptq->cols;
    memset(scratch, 0, cols * sizeof *scratch);
    for (uint32_t c = 0; c < cols; c++) {
        const double error = (double)values[c] - weights[c] * steps[c], *row = gptq->moments + (size_t)c * cols;
        for (uint32_t k = 0; k < cols; k++)
            scratch[k] += error * row[k];
    }
}

void db_gptq_refine(const db_gptq *gptq, const float *values, const double *steps, int least, int most, int passes,
                    int8_t *weights, double *scratch)
{
    const uint32_t cols = gptq->cols;
    gradient_of(gptq, values, steps, weights, scratch);
    for (int pass = 0, moved = 1; pass < passes && moved; pass++) {
        moved = 0;
        for (uint32_t c = 0; c < cols; c++) {
            const double *row = gptq->moments + (size_t)c * cols;
            const int wanted = nearest(weights[c] * steps[c] + scratch[c] / row[c], steps[c], least, most);
            if (wanted == weights[c])
                continue;
            const double change = (wanted - weights[c]) * steps[c];
            for (uint32_t k = 0; k < cols; k++)
                scratch[k] -= change * row[k];
            weights[c] = (int8_t)wanted;
            moved = 1;
        }
    }
}

double db_gptq_fit(const db_gptq *gptq, const float *values, const double *steps, const int8_t *weights, double *error,
                   double *scratch)
{
    const uint32_t cols = gptq->cols;
    double vv = 0, vq = 0, qq = 0;
    for (uint32_t c = 0; c < cols; c++)
        scratch[c] = weights[c] * steps[c];
    for (uint32_t c = 0; c < cols; c++) {
        const double *row = gptq->moments + (size_t)c * cols;
        double by_values = 0, by_weights = 0;
        for (uint32_t k = 0; k < cols; k++) {
            by_values += row[k] * (double)values[k];
            by_weights += row[k] * scratch[k];
        }
        vv += (double)values[c] * by_values;
        vq += scratch[c] * by_values;
        qq += scratch[c] * by_weights;
    }
    const double factor = qq > 0 && vq > 0 ? vq / qq : 1;
    *error = vv - 2 * factor * vq + factor * factor * qq;
    return factor;
}
