/*
 * What stands between the two matrices of a transformer's feed-forward part.
 *
 * SPDX-License-Identifier: MIT
 */
#include "rescale.h"
#include "transformer.h"

/* How far the functions' results are above the units of the second matrix's input: docs/NUMERICS.md. */
enum { RELU_SHIFT = 8, RELU2_SHIFT = 23 };

/* How many scales of SiLU are on the stack. */
enum { SILU_AT_ONCE = 16 };

static inline int32_t at_most(int32_t x, int32_t limit)
{
    return DOGBERRY_SELDOM(x > limit) ? limit : x;
}

/* (Squared) ReLU of a positive number, 0..127. */
static inline int32_t rectified(int32_t x, uint32_t squared)
{
    if (squared) {
        x = at_most(x, INT16_MAX);
        x = dogberry_round_shift(x * x, RELU2_SHIFT);
    } else {
        x = dogberry_round_shift(x, RELU_SHIFT);
    }
    return at_most(x, INT8_MAX);
}

/* SiLU is SwiGLU with the same let through at every token: what takes a unit's results to a unit of their own. */
static int silu(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index)
{
    uint32_t hidden = image->hidden, at, count;
    const int32_t *x = blocks->work.scratch;

    if (dogberry_unread(dogberry_find_vector(image, index, DOGBERRY_BLOCK_BIAS, &at)))
        return DOGBERRY_ERR_READ;
    at += 2u * dogberry_block_biases(image);
    for (uint32_t u = 0; u < hidden; u += count) {
        int32_t scales[SILU_AT_ONCE];

        count = dogberry_fit(&blocks->work.rows, 2, hidden - u < SILU_AT_ONCE ? hidden - u : SILU_AT_ONCE);
        const int16_t *narrow = dogberry_fetch(&image->source, at + 2u * u, 2u * count, blocks->work.rows.room);

        if (narrow == NULL)
            return DOGBERRY_ERR_READ;
        for (uint32_t i = 0; i < count; i++)
            scales[i] = narrow[i];
        blocks->work.kernels->transformer->swiglu(blocks->branch + u, x + u, scales, count);
    }
    return DOGBERRY_OK;
}

/* What a matrix by row reads. */
static void rectify(int8_t *out, const int32_t *x, uint32_t count, uint32_t squared)
{
    DOGBERRY_UNROLL(4)
    for (uint32_t u = 0; u < count; u++)
        out[u] = (int8_t)(x[u] > 0 ? rectified(x[u], squared) : 0);
}

/* What one by column reads, up to `end`. From the last one on, so that terms stand in what was read already, and behind
 * it. Returns how many there are. */
static uint32_t collect(int32_t *end, const int32_t *x, uint32_t count, uint32_t squared)
{
    int32_t *term = end;

    DOGBERRY_UNROLL(4)
    for (const int32_t *u = x + count; u > x;) {
        int32_t value = *--u;

        if (value <= 0)
            continue;
        value = rectified(value, squared);
        if (value != 0)
            *--term = (int32_t)((uint32_t)(u - x) << 8) | value;
    }
    return (uint32_t)(end - term);
}

int dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t *terms)
{
    uint32_t hidden = image->hidden, squared = image->transformer.feed_forward == DOGBERRY_RELU2;
    int32_t *x = blocks->work.scratch;

    if (terms != NULL) {
        *terms = collect(x + dogberry_terms_end(image->embedding, hidden), x, hidden, squared);
        return DOGBERRY_OK;
    }
    dogberry_pad(blocks->branch, hidden);
    if (dogberry_is_rectified(image))
        rectify(blocks->branch, x, hidden, squared);
    else if (image->transformer.feed_forward == DOGBERRY_SWIGLU)
        blocks->work.kernels->transformer->swiglu(blocks->branch, x, x + hidden, hidden);
    else if (dogberry_unread(silu(image, blocks, index)))
        return DOGBERRY_ERR_READ;
    return DOGBERRY_OK;
}
