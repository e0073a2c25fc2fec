/*
 * What stands between the two matrices of a transformer's feed-forward part.
 *
 * SPDX-License-Identifier: MIT
 */
#include "rescale.h"
#include "tables.h"
#include "transformer.h"

/* How far the functions' results are above the units of the second matrix's input: docs/NUMERICS.md. */
enum { RELU_SHIFT = 8, RELU2_SHIFT = 23, GATE_SHIFT = 15, SWIGLU_SHIFT = 14 };

static int32_t relu(int32_t x)
{
    return x <= 0 ? 0 : dogberry_round_shift(x, RELU_SHIFT);
}

static int32_t relu2(int32_t x)
{
    x = x <= 0 ? 0 : dogberry_saturate16(x);
    return dogberry_round_shift(x * x, RELU2_SHIFT);
}

/* gate in Q11: up to 16, where the tables' arguments in Q12 end at 8. */
static int32_t swiglu(int32_t gate, int32_t up)
{
    int32_t g = dogberry_saturate16(gate), open = dogberry_sigmoid(dogberry_saturate16(2 * g));

    return dogberry_round_shift(dogberry_round_shift(g * open, GATE_SHIFT) * dogberry_saturate16(up), SWIGLU_SHIFT);
}

void dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks)
{
    uint32_t hidden = image->hidden, kind = image->transformer.feed_forward;
    const int32_t *x = blocks->work.scratch;

    for (uint32_t u = 0; u < hidden; u++) {
        int32_t y = kind == DOGBERRY_SWIGLU  ? swiglu(x[u], x[hidden + u])
                    : kind == DOGBERRY_RELU2 ? relu2(x[u])
                                             : relu(x[u]);

        blocks->branch[u] = dogberry_saturate8(y);
    }
    dogberry_pad(blocks->branch, hidden);
}
