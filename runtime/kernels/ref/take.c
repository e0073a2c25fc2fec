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
    uint64_t rest = *left;

    for (; at < end; at++) {
        int32_t logit = logits[at];

        if (DOGBERRY_SELDOM(logit >= how->least)) {
            uint32_t weight = dogberry_exp2((uint32_t)(how->highest - logit) * how->slope);

            if (weight > rest)
                break;
            rest -= weight;
        }
    }
    *left = rest;
    return at;
}
