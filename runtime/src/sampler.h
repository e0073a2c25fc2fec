/*
 * Drawing an id from logits: docs/NUMERICS.md, "Sampling".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_SAMPLER_H
#define DOGBERRY_SAMPLER_H

#include "dogberry.h"
#include "random.h"

/* dogberry_sampling as the draw wants it. */
typedef struct {
    uint32_t slope;   /* halvings per unit of logit, Q26, saturated; 0: temperature 0 */
    uint32_t reach;   /* logits further below the highest have weight 0 */
    uint32_t near;    /* min-p: logits further below the highest are cut off */
    uint32_t penalty; /* of a repeated token, in units of logit */
    uint16_t top_p;   /* thousandths; 0: all */
    uint8_t top_k, window, ngram;
    uint8_t unused[3]; /* no bytes of chance in a session */
} dogberry_sampler;

/* `sampling` is within its ranges, logit_frac in 4..12. */
dogberry_sampler dogberry_sampler_make(const dogberry_sampling *sampling, uint32_t logit_frac);

/* Returns 2^24 exp(-distance / temperature), rounded; slope must not be 0. */
uint32_t dogberry_weight(const dogberry_sampler *sampler, uint32_t distance);

#define DOGBERRY_BARRED (-32768) /* in place of a logit that may not be drawn */

/* What a draw is from. Ids that are not barred have an order: higher logits first, the lower of equal ids
 * first. Those up to the last one kept are drawn from. */
typedef struct {
    const dogberry_kernels *kernels; /* which add up weights */
    const int16_t *logits;           /* [count] */
    uint32_t count;
    uint32_t apart; /* an id that is barred whatever its logit; >= count for none */
    uint32_t bars;  /* whether DOGBERRY_BARRED is no logit */
    uint32_t known; /* whether `highest` is that of all logits, barred or not */
    int32_t highest;
    int32_t floor; /* kept are logits above it, and at it ids up to `last` */
    uint32_t last;
} dogberry_candidates;

/* Nothing barred but `apart`, nothing known of the highest. Field by field: compilers fill a whole one with zeros
 * first. */
static inline void dogberry_set_candidates(dogberry_candidates *c, const dogberry_kernels *kernels,
                                           const int16_t *logits, uint32_t count, uint32_t apart)
{
    c->kernels = kernels;
    c->logits = logits;
    c->count = count;
    c->apart = apart;
    c->bars = 0;
    c->known = 0;
}

int dogberry_is_barred(const dogberry_candidates *c, uint32_t id);
int dogberry_is_kept(const dogberry_candidates *c, uint32_t id);

/* The first in order; at least one id is not barred. */
uint32_t dogberry_likeliest(const dogberry_candidates *c);

/* Sets highest (unless it is known), floor and last: what top-k, min-p and top-p, one after another, leave; at least
 * one id is not barred. `counts` has room for 128 numbers. */
void dogberry_cut(dogberry_candidates *c, const dogberry_sampler *sampler, uint16_t *counts);

/* Draws an id from kernels, logits, count, apart, bars, and what is known of the highest; the other fields are set.
 * Returns the id. */
uint32_t dogberry_draw(dogberry_candidates *c, const dogberry_sampler *sampler, uint16_t *counts,
                       dogberry_random *random);

#endif
