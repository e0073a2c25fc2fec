/*
 * The one random generator of the host: xoshiro256** (Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators", 2021), seeded through SplitMix64. Plain
 * state, so a checkpoint can hold it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BASE_RANDOM_H
#define DB_BASE_RANDOM_H

#include <stdint.h>

typedef struct {
    uint64_t state[4];
} db_random;

/* Any seed is good, 0 too. */
void db_random_seed(db_random *random, uint64_t seed);

/* Returns 64 uniform bits. */
uint64_t db_random_next(db_random *random);

/* Returns a uniform integer in [0, bound); bound > 0. Exact (rejection). */
uint64_t db_random_below(db_random *random, uint64_t bound);

/* Returns a uniform double in [0, 1). */
double db_random_unit(db_random *random);

#endif
