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
    return x <= 0 ? 0 : dogberry_round_shift(x, RELU_SHIFT);
}

static int32_t relu2(int32_t x)
{
    x = x <= 0 ? 0 : dogberry_saturate16(x);
    return dogberry_round_shift(x * x, RELU2_SHIFT);
}

void dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks)
{
    uint32_t hidden = image->hidden, kind = image->transformer.feed_forward;
    const int32_t *x = blocks->work.scratch;

    if (kind == DOGBERRY_SWIGLU) {
        blocks->work.kernels->transformer->swiglu(blocks->branch, x, x + hidden, hidden);
    } else {
        for (uint32_t u = 0; u < hidden; u++)
            blocks->branch[u] = dogberry_saturate8(kind == DOGBERRY_RELU2 ? relu2(x[u]) : relu(x[u]));
    }
    dogberry_pad(blocks->branch, hidden);
}
