/*
 * The one rounding rule and what follows from it (docs/NUMERICS.md): halves round up,
 * shifts are arithmetic, values that do not fit saturate.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_RESCALE_H
#define DOGBERRY_RESCALE_H

#include "seam.h"

#define DOGBERRY_SHIFT_MIN 8u
#define DOGBERRY_SHIFT_MAX 46u
#define DOGBERRY_MANTISSA_MIN 16384u

/* (value + 2^(shift-1)) >> shift, for shift 1..30 and sums that fit in 32 bits. */
static inline int32_t dogberry_round_shift(int32_t value, uint32_t shift)
{
    return (value + ((int32_t)1 << (shift - 1u))) >> shift;
}

/* What does not fit is the highest number, or for negative ones the lowest: all other bits. */
static inline int16_t dogberry_saturate16(int32_t value)
{
    /* cppcheck-suppress shiftTooManyBitsSigned ; shifts are arithmetic */
    return (int16_t)(DOGBERRY_SELDOM((int16_t)value != value) ? (value >> 31) ^ 0x7FFF : value);
}

static inline int8_t dogberry_saturate8(int32_t value)
{
    /* cppcheck-suppress shiftTooManyBitsSigned ; shifts are arithmetic */
    return (int8_t)(DOGBERRY_SELDOM((int8_t)value != value) ? (value >> 31) ^ 0x7F : value);
}

/*
 * Returns (acc * m + 2^(s-1)) >> s exactly, with m and s from a scale word, as if
 * computed in 64 bits. Needs s in 8..46 and |acc| <= 2^(s+14), which dogberry_open()
 * makes sure of (columns <= 2^s, and a product of two int8 is at most 2^14); the
 * result is at most 2^29 in size.
 *
 * With acc = 2^16 P' + Q' where Q' = acc mod 2^16, let P = P' m and Q = Q' m. Then
 * |P| <= 2^15 * 2^15 = 2^30 and 0 <= Q < 2^31, both exact in 32 bits, and
 * acc * m = 2^16 P + Q.
 *   s <= 16: 2^16 P is a multiple of 2^(s-1), so the floor over that is
 *            P 2^(17-s) + (Q >> (s - 1)), and one more, halved, is rounded. |2^16 P| <= |acc| m + Q < 2^(s+29) + 2^31,
 *            so |P 2^(17-s)| < 2^30 + 2^(32-s) <= 2^30 + 2^24.
 *   s >= 17: 2^(s-1) = 2^16 R with R = 2^(s-17) <= 2^29, so the sum is 2^16 (P + R) + Q and
 *            its floor over 2^s is ((P + R) + (Q >> 16)) >> (s - 16), because
 *            floor(floor(v / 2^16) / 2^(s-16)) = floor(v / 2^s). For the same reason, R being half of 2^(s-16),
 *            this is (((P + (Q >> 16)) >> (s - 17)) + 1) >> 1.
 *
 * A 64-bit machine computes in 64 bits: the floor over 2^(s-1), of at most 2^30 in size, and one more, halved.
 */
static inline int32_t dogberry_rescale(int32_t acc, uint32_t scale)
{
    uint32_t m = scale & 0x7FFFu, s = scale >> 16;
#if UINTPTR_MAX > 0xFFFFFFFFu
    return ((int32_t)((int64_t)acc * (int64_t)m >> (s - 1u)) + 1) >> 1;
#else
    int32_t high = (acc >> 16) * (int32_t)m;
    uint32_t low = ((uint32_t)acc & 0xFFFFu) * m;

    if (s <= 16u)
        high = high * ((int32_t)1 << (17u - s)) + (int32_t)(low >> (s - 1u));
    else
        high = (high + (int32_t)(low >> 16)) >> (s - 17u);
    return (high + 1) >> 1;
#endif
}

/*
 * Returns the scale word of m / 2^s divided by divisor * 2^exponent, its mantissa rounded to nearest. divisor is
 * 2^15..2^16 - 1 and m 2^14..2^15 - 1, so the quotient (m << 16) / divisor is 2^14..2^16 - 2; where it has 16 bits it
 * is halved. The caller makes sure that s + 15 + exponent is not negative.
 */
static inline uint32_t dogberry_divide_scale(uint32_t scale, uint32_t divisor, int32_t exponent)
{
    uint32_t m = (((scale & 0x7FFFu) << 16) + (divisor >> 1)) / divisor;
    uint32_t s = (uint32_t)((int32_t)(scale >> 16) + 16 + exponent);

    if (m > 0x7FFFu) {
        m = (m + 1u) >> 1;
        s--;
    }
    return m | s << 16;
}

#endif
