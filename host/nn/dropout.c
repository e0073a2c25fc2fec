/*
 * Masks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/dropout.h"

#include "nn/vector.h"

void db_dropout_mask(db_random *random, real share, size_t count, real *mask)
{
    const uint64_t threshold = (uint64_t)(share * (real)65536);
    const real kept = 1 / (1 - share);
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        bits = i % 4 == 0 ? db_random_next(random) : bits >> 16;
        mask[i] = (bits & 0xFFFF) < threshold ? 0 : kept;
    }
}

DB_VECTOR void db_dropout_apply(size_t steps, size_t count, const real *mask, real *values)
{
    for (size_t t = 0; t < steps; t++) {
        real *row = values + t * count;
        for (size_t i = 0; i < count; i++) {
            row[i] *= mask[i];
        }
    }
}
