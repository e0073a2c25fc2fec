/*
 * Function tables in constant data, and how they are read (docs/NUMERICS.md). Made by
 * tools/make_tables.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_TABLES_H
#define DOGBERRY_TABLES_H

#include "seam.h"

extern const uint16_t dogberry_sigmoid_table[257]; /* sigmoid(i / 32) in Q15 */
extern const uint16_t dogberry_tanh_table[257];    /* tanh(i / 32) in Q15, at most 32767 */
extern const uint32_t dogberry_exp2_table[65];     /* 2^(-i / 64) in Q24 */

extern const uint16_t dogberry_sine_table[66]; /* sine of i / 256 of a turn in Q14; one beyond the quarter */

/* Linear interpolation at |x|, x in Q12: bits 7..14 pick the interval, 0..6 the place in it. */
static inline int32_t dogberry_interpolate(const uint16_t *table, uint32_t magnitude)
{
    uint32_t index = magnitude >> 7;
    int32_t low = table[index], high = table[index + 1u];

    return low + (((high - low) * (int32_t)(magnitude & 127u) + 64) >> 7);
}

static inline uint32_t dogberry_magnitude(int32_t x)
{
    return (uint32_t)(x == -32768 ? 32767 : x < 0 ? -x : x);
}

/* x in Q12. Returns the sigmoid in Q15, 11..32757. */
static inline int32_t dogberry_sigmoid(int16_t x)
{
    int32_t y = dogberry_interpolate(dogberry_sigmoid_table, dogberry_magnitude(x));

    return x < 0 ? 32768 - y : y;
}

/* x in Q12. Returns tanh in Q15, -32767..32767. */
static inline int32_t dogberry_tanh(int16_t x)
{
    int32_t y = dogberry_interpolate(dogberry_tanh_table, dogberry_magnitude(x));

    return x < 0 ? -y : y;
}

/* 2^-halvings in Q24, halvings in Q26 below 25. Linear interpolation, then rounded to its place. */
uint32_t dogberry_exp2(uint32_t halvings);

/* The sine of `phase` / 2^32 of a turn in Q14, -16384..16384. A quarter has 64 intervals. */
static inline int32_t dogberry_sine(uint32_t phase)
{
    uint32_t quarter = phase >> 30, place = phase >> 12 & 0x3FFFFu;
    uint32_t along = (quarter & 1u) != 0 ? 0x40000u - place : place, index = along >> 12;
    int32_t low = dogberry_sine_table[index], high = dogberry_sine_table[index + 1u];
    int32_t value = low + (((high - low) * (int32_t)(along & 4095u) + 2048) >> 12);

    return quarter >= 2u ? -value : value;
}

#endif
