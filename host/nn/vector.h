/*
 * Element-wise functions that the compiler turns into vector instructions: no branches,
 * no calls. A loop over them in a function marked DB_VECTOR is compiled for several
 * instruction sets, and the best one that the CPU has is chosen when the program loads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_VECTOR_H
#define DB_NN_VECTOR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn/real.h"

/* Sanitizers instrument the resolvers, which run before they are ready. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DB_VECTOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DB_VECTOR
#endif

#ifdef DB_REAL_DOUBLE

static inline real db_exp(real x)
{
    return exp(x);
}

static inline real db_exp2(real x)
{
    return exp2(x);
}

static inline real db_log2(real x)
{
    return log2(x);
}

#else

/* exp to about 2 units in the last place; 0 below -87.3, largest at 88. A NaN stays one.
 * x = n ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor polynomial of degree 7. */
static inline float db_exp(float x)
{
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.3f ? -87.3f : x;
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    const float shifted = x * 1.44269504f + magic;
    const float n = shifted - magic;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23; /* the low bits of `shifted` are n */
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* 2^x to about 2 units in the last place, for x up to 127; 2^-126 below -126. A NaN stays one.
 * x = n + r with |r| <= 1/2, 2^r by the polynomial of degree 5 that is nearest to it, 7.5e-8 at most. */
static inline float db_exp2(float x)
{
    x = x < -126.0f ? -126.0f : x;
    const float magic = 12582912.0f + 127.0f; /* as above, and the low bits are n + 127 */
    const float shifted = x + magic;
    const float r = x - (shifted - magic);
    float p = 1.32764720e-3f;
    p = p * r + 9.67554133e-3f;
    p = p * r + 5.55071327e-2f;
    p = p * r + 2.40221197e-1f;
    p = p * r + 6.93146967e-1f;
    p = p * r + 1.00000007f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* log2 of a normal number > 0, to about 1e-7 or a unit in the last place. A NaN or infinity is still none.
 * x = 2^n m with m from sqrt(1/2) to sqrt(2), ln m = 2 artanh((m - 1) / (m + 1)) by four terms of its series. */
static inline float db_log2(float x)
{
    const uint32_t root_half = 0x3F3504F3u;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t n = (int32_t)(bits - root_half) >> 23;
    bits -= (uint32_t)n << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1) / (m + 1), t = s * s;
    float p = 2.88539008f / 7.0f;
    p = p * t + 2.88539008f / 5.0f;
    p = p * t + 2.88539008f / 3.0f;
    p = p * t + 2.88539008f;
    return (float)n + p * s + (x - x);
}

#endif

static inline real db_sigmoid(real x)
{
    return 1 / (1 + db_exp(-x));
}

static inline real db_tanh(real x)
{
    return 2 / (1 + db_exp(-2 * x)) - 1;
}

#endif
