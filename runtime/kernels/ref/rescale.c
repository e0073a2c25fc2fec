/*
 * Sums of products in the units of their destinations, in plain C: the definition that every other set of kernels gives
 * the same bits as.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "rescale.h"

void dogberry_ref_rescale(int32_t *out, const int32_t *sums, const uint32_t *scales, const int16_t *bias,
                          uint32_t count)
{
    for (uint32_t r = 0; r < count; r++) {
        int32_t value = dogberry_rescale(sums[r], scales[r]);

        if (bias != NULL)
            value += bias[r];
        out[r] = value;
    }
}
