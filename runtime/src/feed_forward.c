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
    return x <= 0 ? 0 : dogberry_round_shift(x, RELU_SHIFT);
}

static int32_t relu2(int32_t x)
{
    x = x <= 0 ? 0 : dogberry_saturate16(x);
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

int dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index)
{
    uint32_t hidden = image->hidden, kind = image->transformer.feed_forward;
    const int32_t *x = blocks->work.scratch;

    if (kind == DOGBERRY_SILU) {
        if (dogberry_unread(silu(image, blocks, index)))
            return DOGBERRY_ERR_READ;
    } else if (kind == DOGBERRY_SWIGLU) {
        blocks->work.kernels->transformer->swiglu(blocks->branch, x, x + hidden, hidden);
    } else {
        int8_t *out = blocks->branch;

        for (const int32_t *end = x + hidden; x < end; x++)
            *out++ = dogberry_saturate8(kind == DOGBERRY_RELU2 ? relu2(*x) : relu(*x));
    }
    dogberry_pad(blocks->branch, hidden);
    return DOGBERRY_OK;
}
