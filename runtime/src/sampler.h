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

/* An id that is treated apart from the others; an id >= count for none. */
typedef struct {
    uint32_t id;
    uint32_t counts;    /* whether it counts among the k best (if not, it is kept besides them) */
    uint64_t share, of; /* its weight is multiplied by share / of, rounded down; 0, 1: it is never drawn */
} dogberry_exception;

typedef struct {
    uint32_t id;
    uint64_t weight, total; /* of the id, and of all; temperature 0: 1 and 1 */
} dogberry_drawn;

/* Draws an id from logits[0 .. count); at least one id must not be the exception. `heap` has room
 * for DOGBERRY_TOP_K_MAX ids. Where all weights are 0 (only the exception is among the k best, and its
 * share rounds to 0), the exception is drawn. Returns what was drawn. */
dogberry_drawn dogberry_draw(const dogberry_sampler *sampler, const int16_t *logits, uint32_t count,
                             const dogberry_exception *exception, uint16_t *heap, dogberry_random *random);

/* Draws an id from logits[0 .. vocab), never `banned` (an id, or any number >= vocab for
 * none); at least one id must remain. `heap` as above. Returns the id. */
uint32_t dogberry_sample(const dogberry_sampler *sampler, const int16_t *logits, uint32_t vocab, uint32_t banned,
                         uint16_t *heap, dogberry_random *random);

#endif
