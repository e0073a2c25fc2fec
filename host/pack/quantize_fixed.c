/* SPDX-License-Identifier: MIT */
#include "pack/quantize_fixed.h"

#include <math.h>

#include "nn/vector.h"

/* A row with no weight above this is a row of zeros: 1 / step is still finite. */
#define MOST_LEAST 1e-30f

/* To the nearest weight, halves away from zero. */
static inline int to_weight(double value, double inverse)
{
    double units = value * inverse;
    units = units > DB_WEIGHT_MAX ? DB_WEIGHT_MAX : units;
    units = units < -DB_WEIGHT_MAX ? -DB_WEIGHT_MAX : units;
    return (int)(units + copysign(0.5, units));
}

DB_VECTOR static double row_step(const float *values, uint32_t cols)
{
    float most = 0;
#pragma omp simd reduction(max : most)
    for (uint32_t c = 0; c < cols; c++) {
        const float size = fabsf(values[c]);
        most = size > most ? size : most;
    }
    return most > MOST_LEAST ? (double)most / DB_WEIGHT_MAX : 1;
}

void db_quantize_fixed(db_quantized *out, const float *values, uint32_t rows, uint32_t cols)
{
    db_quantize_with_step(out, values, rows, cols, 1); /* for its memory */
    for (uint32_t r = 0; r < rows; r++, values += cols) {
        const double step = row_step(values, cols);
        out->steps[r] = step;
        for (uint32_t c = 0; c < cols; c++)
            out->weights[(size_t)r * out->stride + c] = (int8_t)to_weight((double)values[c], 1 / step);
    }
}

void db_round_fixed(float *out, const float *values, uint32_t rows, uint32_t cols)
{
    for (uint32_t r = 0; r < rows; r++, values += cols, out += cols)
        db_round_with_step(out, values, cols, row_step(values, cols));
}

DB_VECTOR void db_round_with_step(float *out, const float *values, size_t count, double step)
{
    const double inverse = 1 / step;
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(step * to_weight((double)values[i], inverse));
}
