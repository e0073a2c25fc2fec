/*
 * The gate of a transformer's feed-forward part in plain C: the definition that every other set of kernels gives the
 * same bits as.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "rescale.h"
#include "tables.h"

/* How far the products are above the units of their results: docs/NUMERICS.md. */
enum { GATE_SHIFT = 15, SWIGLU_SHIFT = 14 };

/* gate in Q11: up to 16, where the tables' arguments in Q12 end at 8. */
static int32_t swiglu(int32_t gate, int32_t up)
{
    int32_t g = dogberry_saturate16(gate), open = dogberry_sigmoid(dogberry_saturate16(2 * g));

    return dogberry_round_shift(dogberry_round_shift(g * open, GATE_SHIFT) * dogberry_saturate16(up), SWIGLU_SHIFT);
}

void dogberry_ref_swiglu(int8_t *out, const int32_t *gates, const int32_t *ups, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        out[i] = dogberry_saturate8(swiglu(gates[i], ups[i]));
}
