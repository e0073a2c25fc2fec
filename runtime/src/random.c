/*
 * Uniform integers below any bound.
 *
 * SPDX-License-Identifier: MIT
 */
#include "random.h"

/* Bits under the smallest mask that covers bound - 1, drawn again while they are too large (less than twice on
 * average).
 * The high word is drawn only where the mask reaches into it, after the low one. */
uint64_t dogberry_random_below(dogberry_random *random, uint64_t bound)
{
    uint64_t last = bound - 1u, mask = last, value;

    for (uint32_t shift = 1; shift < 64u; shift *= 2u)
        mask |= mask >> shift;
    do {
        value = dogberry_random_next(random);
        if (mask >> 32 != 0)
            value |= (uint64_t)dogberry_random_next(random) << 32;
        value &= mask;
    } while (value > last);
    return value;
}
