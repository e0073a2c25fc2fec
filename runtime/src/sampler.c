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

/* The ids that may be drawn: logits above `floor`, and at it those up to id `last`. */
typedef struct {
    const int16_t *logits;
    uint32_t count;
    const dogberry_exception *exception;
    int32_t floor;
    uint32_t last;
    int32_t highest; /* logit that weighs most */
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

    for (uint32_t id = 0; id < c->count; id++) {
        if (id == c->exception->id && !c->exception->counts)
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

static int never_drawn(const candidates *c, uint32_t id)
{
    return id == c->exception->id && c->exception->share == 0;
}

/* The likeliest id that may be drawn, the lowest of equals. */
static uint32_t likeliest(const candidates *c)
{
    uint32_t best = never_drawn(c, 0) ? 1u : 0u;

    for (uint32_t id = best + 1u; id < c->count; id++) {
        if (!never_drawn(c, id) && c->logits[id] > c->logits[best])
            best = id;
    }
    return best;
}

static uint32_t weight_of(const candidates *c, uint32_t id, const dogberry_sampler *sampler)
{
    const dogberry_exception *exception = c->exception;
    int32_t logit = c->logits[id];
    uint32_t distance = (uint32_t)(c->highest - logit);
    int apart = id == exception->id, beyond = logit < c->floor || (logit == c->floor && id > c->last);

    if ((apart && exception->share == 0) || (beyond && !(apart && !exception->counts)) || distance > sampler->reach)
        return 0;
    uint32_t weight = dogberry_exp2(distance * sampler->slope);

    if (!apart || exception->share == exception->of)
        return weight;
    return (uint32_t)(weight * exception->share / exception->of); /* below 2^24 * 2^40, and no more than the weight */
}

dogberry_drawn dogberry_draw(const dogberry_sampler *sampler, const int16_t *logits, uint32_t count,
                             const dogberry_exception *exception, uint16_t *heap, dogberry_random *random)
{
    candidates c = {logits, count, exception, -32768, count, 0};
    dogberry_drawn drawn = {likeliest(&c), 1, 1};
    uint64_t at;

    if (sampler->slope == 0)
        return drawn;
    c.highest = logits[drawn.id];
    if (sampler->top_k > 0)
        keep_best(&c, sampler->top_k, heap);
    drawn.total = 0;
    for (uint32_t id = 0; id < count; id++)
        drawn.total += weight_of(&c, id, sampler);
    drawn.id = exception->id;
    drawn.weight = 0;
    if (drawn.total == 0)
        return drawn;
    at = dogberry_random_below(random, drawn.total);
    for (uint32_t id = 0; id < count; id++) {
        drawn.id = id;
        drawn.weight = weight_of(&c, id, sampler);
        if (at < drawn.weight)
            return drawn;
        at -= drawn.weight;
    }
    return drawn; /* not reached: the weights add up to the total */
}

uint32_t dogberry_sample(const dogberry_sampler *sampler, const int16_t *logits, uint32_t vocab, uint32_t banned,
                         uint16_t *heap, dogberry_random *random)
{
    const dogberry_exception never = {banned, 0, 0, 1};

    return dogberry_draw(sampler, logits, vocab, &never, heap, random).id;
}
