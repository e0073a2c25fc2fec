/* SPDX-License-Identifier: MIT */
#include "pack/moments.h"

#include <stdlib.h>

#include "base/memory.h"

void db_moments_start(db_moments *moments, uint32_t width)
{
    moments->width = width;
    moments->mean = db_allocate(width * sizeof(double));
    moments->square = db_allocate(width * sizeof(double));
    moments->products = db_allocate((size_t)width * width * sizeof(double));
}

void db_moments_add(db_moments *moments, const float *values, uint32_t steps)
{
    for (uint32_t t = 0; t < steps; t++) {
        const float *row = values + (size_t)t * moments->width;
        for (uint32_t c = 0; c < moments->width; c++) {
            double value = (double)row[c];
            moments->mean[c] += value;
            moments->square[c] += value * value;
            double *products = moments->products + (size_t)c * moments->width;
            for (uint32_t k = 0; k <= c; k++)
                products[k] += value * (double)row[k];
        }
    }
}

void db_moments_end(db_moments *moments, size_t steps)
{
    for (uint32_t c = 0; c < moments->width; c++) {
        moments->mean[c] /= (double)steps;
        moments->square[c] /= (double)steps;
        for (uint32_t k = 0; k <= c; k++) {
            double *products = moments->products;
            products[(size_t)c * moments->width + k] /= (double)steps;
            products[(size_t)k * moments->width + c] = products[(size_t)c * moments->width + k];
        }
    }
}

void db_moments_free(db_moments *moments)
{
    free(moments->mean);
    free(moments->square);
    free(moments->products);
    *moments = (db_moments){0};
}
