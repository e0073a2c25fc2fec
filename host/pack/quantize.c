/* SPDX-License-Identifier: MIT */
#include "pack/quantize.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { ROW_ALIGNMENT = 16 };

/* Limits of a scale word (docs/FORMAT.md). */
enum { MANTISSA_BITS = 15, SHIFT_MIN = 8, SHIFT_MAX = 46 };

static double rounded(double value)
{
    return floor(value + 0.5);
}

/* value * inverse to the nearest weight; a cast, because floor() is a call on older instruction sets and this is
 * done some thirty million times for a model of the usual size. */
static int8_t to_weight(double value, double inverse)
{
    double units = value * inverse;
    if (units >= DB_WEIGHT_MAX)
        return DB_WEIGHT_MAX;
    if (units <= -DB_WEIGHT_MAX)
        return -DB_WEIGHT_MAX;
    return (int8_t)(units < 0 ? units - 0.5 : units + 0.5);
}

static double largest(const float *values, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        if (fabs((double)values[i]) > most)
            most = fabs((double)values[i]);
    return most;
}

static void allocate(db_quantized *out, uint32_t rows, uint32_t cols)
{
    uint32_t stride = (cols + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
    *out = (db_quantized){.rows = rows, .cols = cols, .stride = stride};
    out->weights = db_allocate((size_t)rows * stride);
    out->steps = db_allocate(rows * sizeof(double));
}

/* The integers q that `step` leads to, and the step that suits them best: with q fixed the weighted
 * squared error sum a (v - s q)^2 is least at s = sum a v q / sum a q^2.
 * Returns how much of sum a v^2 is explained: larger is better. */
static double try_step(const float *values, uint32_t cols, const double *importance, double step, double *best_step)
{
    double vq = 0, qq = 0, inverse = 1 / step;
    for (uint32_t c = 0; c < cols; c++) {
        double q = to_weight((double)values[c], inverse), a = importance ? importance[c] : 1;
        vq += a * (double)values[c] * q;
        qq += a * q * q;
    }
    if (!(qq > 0) || !(vq > 0))
        return 0;
    *best_step = vq / qq;
    return vq * vq / qq;
}

/* Returns the row's step; 1 for a row of zeros. *unrefined: the step that its integers come from. */
static double row_step(const float *values, uint32_t cols, const double *importance, double *unrefined)
{
    double most = largest(values, cols), best = -1, chosen = 1;
    *unrefined = most > 0 ? most / DB_WEIGHT_MAX : 1;
    if (most > 0)
        chosen = *unrefined;
    for (int percent = 100; most > 0 && percent >= 60; percent -= 2) {
        double step = most * percent / 100 / DB_WEIGHT_MAX, refined = step;
        double explained = try_step(values, cols, importance, step, &refined);
        if (explained > best) {
            best = explained;
            chosen = refined;
            *unrefined = step;
        }
    }
    return chosen;
}

void db_quantize(db_quantized *out, const float *values, uint32_t rows, uint32_t cols, const double *importance)
{
    allocate(out, rows, cols);
    for (uint32_t r = 0; r < rows; r++) {
        const float *row = values + (size_t)r * cols;
        double unrefined;
        out->steps[r] = row_step(row, cols, importance, &unrefined);
        for (uint32_t c = 0; c < cols; c++)
            out->weights[(size_t)r * out->stride + c] = to_weight((double)row[c], 1 / unrefined);
    }
}

void db_quantize_with_step(db_quantized *out, const float *values, uint32_t rows, uint32_t cols, double step)
{
    assert(step > 0);
    allocate(out, rows, cols);
    for (uint32_t r = 0; r < rows; r++) {
        out->steps[r] = step;
        for (uint32_t c = 0; c < cols; c++)
            out->weights[(size_t)r * out->stride + c] = to_weight((double)values[(size_t)r * cols + c], 1 / step);
    }
}

static double common_error(const float *values, uint32_t rows, uint32_t cols, const double *row_importance, double step)
{
    double total = 0, inverse = 1 / step;
    for (uint32_t r = 0; r < rows; r++) {
        double sum = 0;
        for (uint32_t c = 0; c < cols; c++) {
            double value = (double)values[(size_t)r * cols + c];
            double miss = value - step * to_weight(value, inverse);
            sum += miss * miss;
        }
        total += sum * row_importance[r];
    }
    return total;
}

double db_common_step(const float *values, uint32_t rows, uint32_t cols, const double *row_importance)
{
    double most = largest(values, (size_t)rows * cols), least = INFINITY, chosen = 1;
    for (int percent = 100; most > 0 && percent >= 30; percent -= 2) {
        double step = most * percent / 100 / DB_WEIGHT_MAX;
        double missed = common_error(values, rows, cols, row_importance, step);
        if (missed < least) {
            least = missed;
            chosen = step;
        }
    }
    return chosen;
}

void db_quantized_free(db_quantized *matrix)
{
    free(matrix->weights);
    free(matrix->steps);
    *matrix = (db_quantized){0};
}

int db_scale_word(double scale, uint32_t cols, uint32_t *word)
{
    const uint32_t zero = (uint32_t)SHIFT_MAX << 16;
    assert(scale >= 0);
    if (scale == 0) {
        *word = zero;
        return 0;
    }
    int exponent;
    double mantissa = rounded(ldexp(frexp(scale, &exponent), MANTISSA_BITS)); /* 2^14..2^15 */
    if (mantissa >= 1 << MANTISSA_BITS) {
        mantissa /= 2;
        exponent++;
    }
    int shift = MANTISSA_BITS - exponent;
    if (shift > SHIFT_MAX) {
        *word = zero;
        return 0;
    }
    if (shift < SHIFT_MIN || (uint64_t)cols > UINT64_C(1) << shift)
        return -1;
    *word = (uint32_t)mantissa | (uint32_t)shift << 16;
    return 0;
}

double db_scale_value(uint32_t word)
{
    return ldexp(word & 0x7FFF, -(int)(word >> 16));
}

int db_scale_words(const db_quantized *matrix, double factor, uint32_t *words, const char *what, db_error *error)
{
    for (uint32_t r = 0; r < matrix->rows; r++)
        if (db_scale_word(matrix->steps[r] * factor, matrix->cols, &words[r]) != 0)
            return db_fail(error,
                           "%s: row %u has weights too large for an image (one step is worth %g units of the sum); "
                           "train with weight decay or gradient clipping",
                           what, r, matrix->steps[r] * factor);
    return 0;
}

void db_quantize_bias(int16_t *out, const double *values, uint32_t count, uint32_t frac)
{
    for (uint32_t i = 0; i < count; i++) {
        double units = rounded(ldexp(values[i], (int)frac));
        out[i] = (int16_t)(units > INT16_MAX ? INT16_MAX : units < INT16_MIN ? INT16_MIN : units);
    }
}
