/*
 * Drawing a token from logits: docs/NUMERICS.md, "Sampling".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_SAMPLER_H
#define DOGBERRY_SAMPLER_H

#include "dogberry.h"
#include "random.h"

/* The temperature as the sampler wants it. */
typedef struct {
    uint32_t slope; /* halvings per unit of logit, Q26, saturated; 0: temperature 0 */
    uint32_t reach; /* logits further below the highest have weight 0 */
    uint32_t top_k;
} dogberry_sampler;

/* `sampling` is within its ranges, logit_frac in 4..12. */
dogberry_sampler dogberry_sampler_make(const dogberry_sampling *sampling, uint32_t logit_frac);

/* Draws an id from logits[0 .. vocab), never `banned` (an id, or any number >= vocab for
 * none); at least one id must remain. `heap` has room for DOGBERRY_TOP_K_MAX ids.
 * Returns the id. */
uint32_t dogberry_sample(const dogberry_sampler *sampler, const int16_t *logits, uint32_t vocab, uint32_t banned,
                         uint16_t *heap, dogberry_random *random);

#endif
