/* SPDX-License-Identifier: MIT */
#include "base/random.h"

static uint64_t rotate(uint64_t value, int by)
{
    return (value << by) | (value >> (64 - by));
}

void db_random_seed(db_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += 0x9E3779B97F4A7C15u;
        uint64_t mixed = seed;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
        random->state[i] = mixed ^ (mixed >> 31);
    }
}

uint64_t db_random_next(db_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t db_random_below(db_random *random, uint64_t bound)
{
    uint64_t unfair = (0 - bound) % bound; /* 2^64 mod bound values would be too many */
    for (;;) {
        uint64_t value = db_random_next(random);
        if (value >= unfair)
            return value % bound;
    }
}

double db_random_unit(db_random *random)
{
    return (double)(db_random_next(random) >> 11) * 0x1p-53;
}
