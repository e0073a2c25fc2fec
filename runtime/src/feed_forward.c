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

static int32_t relu(int32_t x)
{
    return dogberry_round_shift(x, RELU_SHIFT);
}

static int32_t relu2(int32_t x)
{
    x = dogberry_saturate16(x);
    return dogberry_round_shift(x * x, RELU2_SHIFT);
}

/* SiLU is SwiGLU with the same let through at every token: what takes a unit's results to a unit of their own. */
static int silu(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index)
{
    uint32_t hidden = image->hidden, at, count;
    const int32_t *x = blocks->work.scratch;

    if (dogberry_unread(dogberry_block_vector(image, index, DOGBERRY_BLOCK_BIAS, &at)))
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

/* From the last one on, so that terms stand in what was read already, and behind it. Returns how many there are. */
static uint32_t rectify(const dogberry_image *image, const dogberry_blocks *blocks)
{
    uint32_t squared = image->transformer.feed_forward == DOGBERRY_RELU2;
    int32_t *x = blocks->work.scratch, *end = x + dogberry_terms_end(image->embedding, image->hidden), *term = end;

    for (uint32_t u = image->hidden; u-- > 0;) {
        int32_t value = x[u];

        if (value > 0) {
            value = squared ? relu2(value) : relu(value);
            value = (int32_t)dogberry_saturate8(value);
        } else {
            value = 0;
        }
        blocks->branch[u] = (int8_t)value;
        if (value != 0)
            *--term = (int32_t)(u << 8) | value;
    }
    return (uint32_t)(end - term);
}

int dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t *terms)
{
    uint32_t hidden = image->hidden;
    const int32_t *x = blocks->work.scratch;

    *terms = 0;
    if (dogberry_is_rectified(image))
        *terms = rectify(image, blocks);
    else if (image->transformer.feed_forward == DOGBERRY_SWIGLU)
        blocks->work.kernels->transformer->swiglu(blocks->branch, x, x + hidden, hidden);
    else if (dogberry_unread(silu(image, blocks, index)))
        return DOGBERRY_ERR_READ;
    dogberry_pad(blocks->branch, hidden);
    return DOGBERRY_OK;
}
