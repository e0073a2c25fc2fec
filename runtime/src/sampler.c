/*
 * Temperature and top-k sampling in integers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sampler.h"
#include "tables.h"

/* 1000 log2(e) in Q20: halvings per nat at a temperature of one thousandth. */
#define HALVINGS_Q20 1512775395u
/* Distances of 25 halvings and more weigh less than half a unit of Q24. */
#define HALVINGS_MAX 25u

/* The tokens that may be drawn: logits above `floor`, and at it those up to id `last`. */
typedef struct {
    const int16_t *logits;
    uint32_t vocab, banned;
    int32_t floor;
    uint32_t last;
} candidates;

dogberry_sampler dogberry_sampler_make(const dogberry_sampling *sampling, uint32_t logit_frac)
{
    dogberry_sampler sampler = {0, 0, sampling->top_k};
    uint32_t t = sampling->temperature, per_nat;

    if (t == 0)
        return sampler;
    per_nat = (HALVINGS_Q20 + t / 2u) / t;
    if (logit_frac > 6u)
        sampler.slope = (per_nat + (1u << (logit_frac - 7u))) >> (logit_frac - 6u);
    else
        sampler.slope = per_nat > 0xFFFFFFFFu >> (6u - logit_frac) ? 0xFFFFFFFFu : per_nat << (6u - logit_frac);
    sampler.reach = ((HALVINGS_MAX << 26) - 1u) / sampler.slope;
    return sampler;
}

static int is_worse(const int16_t *logits, uint16_t a, uint16_t b)
{
    int32_t of_a = logits[a], of_b = logits[b];

    return of_a < of_b || (of_a == of_b && a > b);
}

/* Moves the id at the root down to where no child is worse. */
static void sift_down(uint16_t *heap, uint32_t count, uint32_t at, const int16_t *logits)
{
    for (;;) {
        uint32_t child = 2u * at + 1u;
        uint16_t moved = heap[at];

        if (child >= count)
            return;
        if (child + 1u < count && is_worse(logits, heap[child + 1u], heap[child]))
            child++;
        if (!is_worse(logits, heap[child], moved))
            return;
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

/* Sets floor and last so that exactly the k best remain (all, where there are fewer): a heap
 * of the k best so far has the worst of them at its root. */
static void keep_best(candidates *c, uint32_t k, uint16_t *heap)
{
    uint32_t count = 0;

    for (uint32_t id = 0; id < c->vocab; id++) {
        if (id == c->banned)
            continue;
        if (count < k) {
            heap[count++] = (uint16_t)id;
            if (count == k) {
                for (uint32_t at = k / 2u; at-- > 0;)
                    sift_down(heap, k, at, c->logits);
            }
        } else if (is_worse(c->logits, heap[0], (uint16_t)id)) {
            heap[0] = (uint16_t)id;
            sift_down(heap, k, 0, c->logits);
        }
    }
    if (count == k) {
        c->floor = c->logits[heap[0]];
        c->last = heap[0];
    }
}

/* The likeliest id, the lowest of equals. */
static uint32_t likeliest(const candidates *c)
{
    uint32_t best = c->banned == 0 ? 1u : 0u;

    for (uint32_t id = best + 1u; id < c->vocab; id++) {
        if (id != c->banned && c->logits[id] > c->logits[best])
            best = id;
    }
    return best;
}

static uint32_t weight_of(const candidates *c, uint32_t id, int32_t highest, const dogberry_sampler *sampler)
{
    int32_t logit = c->logits[id];
    uint32_t distance = (uint32_t)(highest - logit);

    if (distance > sampler->reach || id == c->banned || logit < c->floor || (logit == c->floor && id > c->last))
        return 0;
    return dogberry_exp2(distance * sampler->slope);
}

uint32_t dogberry_sample(const dogberry_sampler *sampler, const int16_t *logits, uint32_t vocab, uint32_t banned,
                         uint16_t *heap, dogberry_random *random)
{
    candidates c = {logits, vocab, banned, -32768, vocab};
    uint32_t best = likeliest(&c), id;
    uint64_t total = 0, drawn;

    if (sampler->slope == 0)
        return best;
    if (sampler->top_k > 0)
        keep_best(&c, sampler->top_k, heap);
    for (id = 0; id < vocab; id++)
        total += weight_of(&c, id, logits[best], sampler);
    drawn = dogberry_random_below(random, total);
    for (id = 0; id < vocab; id++) {
        uint32_t share = weight_of(&c, id, logits[best], sampler);

        if (drawn < share)
            return id;
        drawn -= share;
    }
    return best; /* not reached: the shares add up to the total */
}
