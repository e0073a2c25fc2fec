/*
 * Masks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/dropout.h"

#include "nn/vector.h"

/* Numbers that are drawn before they are compared. */
enum { DRAWS = 64, PARTS = 4 };

DB_VECTOR static void compare(size_t count, const uint16_t *drawn, uint16_t threshold, real kept, real *mask)
{
    for (size_t i = 0; i < count; i++) {
        mask[i] = drawn[i] < threshold ? 0 : kept;
    }
}

void db_dropout_mask(db_random *random, real share, size_t count, real *mask)
{
    for (size_t at = 0; at < count; at += DRAWS * PARTS) {
        const size_t left = count - at, block = left < DRAWS * PARTS ? left : DRAWS * PARTS;
        uint16_t drawn[DRAWS * PARTS] = {0};
        for (size_t i = 0; i < block; i += PARTS) {
            const uint64_t bits = db_random_next(random);
            for (size_t part = 0; part < PARTS; part++) {
                drawn[i + part] = (uint16_t)(bits >> (16 * part));
            }
        }
        compare(block, drawn, (uint16_t)(share * (real)65536), 1 / (1 - share), mask + at);
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
