/*
 * Weights of logits in plain C.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "tables.h"

uint32_t dogberry_ref_take(const int16_t *logits, uint32_t at, uint32_t end, const dogberry_weighing *how,
                           uint64_t *left)
{
    int32_t least = how->least, highest = how->highest;
    uint32_t slope = how->slope, low = (uint32_t)*left, high = (uint32_t)(*left >> 32);

    for (; at < end; at++) {
        int32_t logit = logits[at];
        uint32_t weight;

        if (DOGBERRY_OFTEN(logit < least))
            continue;
        weight = dogberry_exp2((uint32_t)(highest - logit) * slope);
        if (low < weight && high-- == 0) {
            high = 0;
            break;
        }
        low -= weight;
    }
    *left = (uint64_t)high << 32 | low;
    return at;
}
