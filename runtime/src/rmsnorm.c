/*
 * Root-mean-square normalisation in integers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "rescale.h"
#include "transformer.h"

enum { SCALE_UNIT_BITS = 10 };

/* The largest r with r * r <= n, a bit at a time. */
static uint32_t square_root(uint32_t n)
{
    uint32_t root = 0, bit = (uint32_t)1 << 30;

    DOGBERRY_UNROLL(4)
    for (; bit != 0; bit >>= 2) {
        uint32_t tried = root + bit;

        root >>= 1;
        if (n >= tried) {
            n -= tried;
            root += bit;
        }
    }
    return root;
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

    for (uint32_t c = 0; c < width; c++)
        sum += (uint32_t)(x[c] * x[c]);
    uint32_t scale = scale_of(sum, word), shift = scale >> 16;
    int32_t m = (int32_t)(scale & 0x7FFFu);

    /* |x m| <= 2^30, so that from 31 on every shift gives 0. */
    if (shift > 31u)
        shift = 31u;
    for (uint32_t c = 0; c < width; c++)
        out[c] = dogberry_saturate8(dogberry_round_shift(x[c] * m, shift));
    dogberry_pad(out, width);
}
