/*
 * What stands between the two matrices of a transformer's feed-forward part.
 *
 * SPDX-License-Identifier: MIT
 */
#include "rescale.h"
#include "transformer.h"

/* How far the functions' results are above the units of the second matrix's input: docs/NUMERICS.md. */
enum { RELU_SHIFT = 8, RELU2_SHIFT = 23 };

static int32_t relu(int32_t x)
{
    return dogberry_round_shift(x, RELU_SHIFT);
}

static int32_t relu2(int32_t x)
{
    x = dogberry_saturate16(x);
    return dogberry_round_shift(x * x, RELU2_SHIFT);
}

/* From the last one on, so that terms stand in what was read already, and behind it. Returns how many there are. */
static uint32_t rectify(const dogberry_image *image, const dogberry_blocks *blocks)
{
    uint32_t squared = image->transformer.feed_forward == DOGBERRY_RELU2;
    int32_t *x = blocks->work.scratch, *end = x + dogberry_terms_end(image->embedding, image->hidden), *term = end;

    for (uint32_t u = image->hidden; u-- > 0;) {
        int32_t value = x[u];

        if (value > 0) {
            value = squared ? relu2(value) : relu(value);
            value = dogberry_saturate8(value);
        } else {
            value = 0;
        }
        blocks->branch[u] = (int8_t)value;
        if (value != 0)
            *--term = (int32_t)(u << 8) | value;
    }
    return (uint32_t)(end - term);
}

uint32_t dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks)
{
    uint32_t hidden = image->hidden, terms = 0;
    const int32_t *x = blocks->work.scratch;

    if (image->transformer.feed_forward == DOGBERRY_SWIGLU)
        blocks->work.kernels->transformer->swiglu(blocks->branch, x, x + hidden, hidden);
    else
        terms = rectify(image, blocks);
    dogberry_pad(blocks->branch, hidden);
    return terms;
}
