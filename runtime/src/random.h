/*
 * xoroshiro64** 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 47, 2021): 64 bits of state, 32-bit operations only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_RANDOM_H
#define DOGBERRY_RANDOM_H

#include <stdint.h>

typedef struct {
    uint32_t a, b; /* never both 0 */
} dogberry_random;

static inline uint32_t dogberry_rotate(uint32_t value, uint32_t bits)
{
    return value << bits | value >> (32u - bits);
}

/* The finalizer of MurmurHash3 (Appleby): one to one, and 0 only for 0. */
static inline uint32_t dogberry_mix(uint32_t value)
{
    value = (value ^ value >> 16) * 0x85EBCA6Bu;
    value = (value ^ value >> 13) * 0xC2B2AE35u;
    return value ^ value >> 16;
}

/* Any seed will do: the two arguments differ, so at most one of the words is 0. */
static inline dogberry_random dogberry_random_seeded(uint32_t seed)
{
    dogberry_random random = {dogberry_mix(seed + 0x9E3779B9u), dogberry_mix(seed + 0x3C6EF372u)};

    return random;
}

/* Returns 32 uniform bits. */
static inline uint32_t dogberry_random_next(dogberry_random *random)
{
    uint32_t a = random->a, b = random->b ^ random->a;

    random->a = dogberry_rotate(a, 26) ^ b ^ b << 9;
    random->b = dogberry_rotate(b, 13);
    return dogberry_rotate(a * 0x9E3779BBu, 5) * 5u;
}

/* Returns a uniform integer below `bound` > 0, exactly. */
uint64_t dogberry_random_below(dogberry_random *random, uint64_t bound);

#endif
