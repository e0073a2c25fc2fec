/*
 * Uniform integers below any bound.
 *
 * SPDX-License-Identifier: MIT
 */
#include "random.h"

/* The smallest 2^k - 1 that is x or more. */
static uint32_t mask_of(uint32_t x)
{
    for (uint32_t shift = 1; shift < 32u; shift *= 2u)
        x |= x >> shift;
    return x;
}

/* Bits under the smallest mask that covers bound - 1, drawn again while they are too large (less than twice on
 * average).
 * The high word is drawn only where the mask reaches into it, after the low one. */
uint64_t dogberry_random_below(dogberry_random *random, uint64_t bound)
{
    uint64_t last = bound - 1u;
    uint32_t high = (uint32_t)(last >> 32), mask = mask_of(high != 0 ? high : (uint32_t)last);

    for (;;) {
        uint64_t value = dogberry_random_next(random);

        if (high != 0)
            value |= (uint64_t)(dogberry_random_next(random) & mask) << 32;
        else
            value &= mask;
        if (value <= last)
            return value;
    }
}
