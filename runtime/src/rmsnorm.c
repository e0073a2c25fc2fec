/*
 * Root-mean-square normalisation in integers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "rescale.h"
#include "transformer.h"

enum { SCALE_UNIT_BITS = 10 };

/* The root of (i + 8.5) * 2^27, and 2^27 divided by it. */
static const uint16_t roots[24] = {33776, 35708, 37540, 39287, 40960, 42567, 44115, 45611, 47059, 48465, 49830, 51159,
                                   52454, 53719, 54954, 56162, 57344, 58503, 59639, 60753, 61848, 62924, 63982, 65022};
static const uint16_t inverses[24] = {3974, 3759, 3575, 3416, 3277, 3153, 3042, 2943, 2852, 2769, 2694, 2624,
                                      2559, 2499, 2442, 2390, 2341, 2294, 2251, 2209, 2170, 2133, 2098, 2064};

/* The largest r with r * r <= n, for n from 2^30 on. Two steps of Newton's method with the first one's divisor come
 * within 1 of it; differences are small, so that products may go round. */
static uint32_t square_root(uint32_t n)
{
    uint32_t i = (n >> 27) - 8u, r = roots[i];
    int32_t inverse = inverses[i];

    r += (uint32_t)(((int32_t)(n - r * r) >> 10) * inverse >> 18);
    r += (uint32_t)(((int32_t)(n - r * r) >> 4) * inverse >> 24);
    while ((int32_t)(n - r * r) < 0)
        r--;
    while (n - r * r > 2u * r)
        r++;
    return r;
}

/* The scale word of word * 1024 / sqrt(sum). With 2^30 <= sum / 4^k < 2^32 the root of the latter has 16 bits. */
static uint32_t scale_of(uint64_t sum, uint32_t word)
{
    int32_t k = 0;
    uint32_t upper;

    for (; sum >> 32 != 0; k++)
        sum >>= 2;
    for (upper = (uint32_t)sum; upper >> 30 == 0; k--)
        upper <<= 2;
    return dogberry_divide_scale(word, square_root(upper), k - SCALE_UNIT_BITS);
}

void dogberry_rmsnorm(int8_t *out, const int16_t *x, uint32_t width, uint32_t epsilon, uint32_t word)
{
    uint64_t sum = epsilon;

    DOGBERRY_UNROLL(4)
    for (uint32_t c = 0; c < width; c++)
        sum += (uint32_t)(x[c] * x[c]);
    uint32_t scale = scale_of(sum, word), shift = scale >> 16;
    int32_t m = (int32_t)(scale & 0x7FFFu);

    /* |x m| <= 2^30, so that from 31 on every shift gives 0. */
    if (shift > 31u)
        shift = 31u;
    dogberry_pad(out, width);
    DOGBERRY_UNROLL(4) /* which compilers do where saturating is apart */
    for (uint32_t c = 0; c < width; c++) {
        int32_t value = dogberry_round_shift(x[c] * m, shift);

        out[c] = (int8_t)value;
        if (DOGBERRY_SELDOM(out[c] != value))
            out[c] = dogberry_saturate8(value);
    }
}
