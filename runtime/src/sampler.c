/*
 * Temperature, top-k, min-p and top-p in integers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kinds.h"
#include "sampler.h"
#include "tables.h"

/* 1000 log2(e) in Q20: halvings per nat at a temperature of one thousandth. */
#define HALVINGS_Q20 1512775395u
/* Distances of 25 halvings and more weigh less than half a unit of Q24. */
#define HALVINGS_MAX 25u
/* Sections of a range of logits that are counted at a time: as many as a caller's room has. */
enum { SECTION_BITS = 7, SECTIONS = 1 << SECTION_BITS };
/* Logits are less than 2^ALL_BITS apart. */
#define ALL_BITS 16u
#define ALL_DISTANCES (1u << ALL_BITS)

int dogberry_sampling_is_valid(const dogberry_sampling *sampling)
{
    return sampling->temperature <= DOGBERRY_TEMPERATURE_MAX && sampling->top_k <= DOGBERRY_TOP_K_MAX &&
           sampling->top_p <= 1000u && sampling->min_p <= 1000u && sampling->repeat_penalty <= DOGBERRY_PENALTY_MAX &&
           sampling->repeat_window <= DOGBERRY_HISTORY_MAX && sampling->no_repeat <= DOGBERRY_NGRAM_MAX;
}

uint32_t dogberry_weight(const dogberry_sampler *sampler, uint32_t distance)
{
    return distance > sampler->reach ? 0 : dogberry_exp2(distance * sampler->slope);
}

/* The largest distance whose weight is at least min_p thousandths of the highest one's. */
static uint32_t near_of(const dogberry_sampler *sampler, uint32_t min_p)
{
    uint32_t low = 0, high = ALL_DISTANCES; /* low is near enough, high is not or no distance at all */

    while (high - low > 1u) {
        uint32_t middle = (low + high) / 2u;

        if ((uint64_t)dogberry_weight(sampler, middle) * 1000u >= (uint64_t)min_p << 24)
            low = middle;
        else
            high = middle;
    }
    return low;
}

dogberry_sampler dogberry_sampler_make(const dogberry_sampling *sampling, uint32_t logit_frac)
{
    dogberry_sampler sampler = {0};
    uint32_t t = sampling->temperature, per_nat;

    sampler.top_k = (uint8_t)sampling->top_k;
    sampler.top_p = (uint16_t)(sampling->top_p % 1000u);
    sampler.ngram = (uint8_t)sampling->no_repeat;
    sampler.penalty = ((sampling->repeat_penalty << logit_frac) + 500u) / 1000u;
    sampler.window = (uint8_t)(sampling->repeat_window != 0 ? sampling->repeat_window : DOGBERRY_HISTORY_MAX);
    sampler.near = ALL_DISTANCES;
    if (t == 0)
        return sampler;
    per_nat = (HALVINGS_Q20 + t / 2u) / t;
    if (logit_frac > 6u)
        sampler.slope = (per_nat + (1u << (logit_frac - 7u))) >> (logit_frac - 6u);
    else
        sampler.slope = per_nat > 0xFFFFFFFFu >> (6u - logit_frac) ? 0xFFFFFFFFu : per_nat << (6u - logit_frac);
    sampler.reach = ((HALVINGS_MAX << 26) - 1u) / sampler.slope;
    if (DOGBERRY_HAS_TOP_P && sampling->min_p > 0)
        sampler.near = near_of(&sampler, sampling->min_p);
    return sampler;
}

int dogberry_is_barred(const dogberry_candidates *c, uint32_t id)
{
    return id == c->apart || (DOGBERRY_HAS_RULES && c->bars && c->logits[id] == DOGBERRY_BARRED);
}

/* The floor is never so low that barred logits reach it. */
int dogberry_is_kept(const dogberry_candidates *c, uint32_t id)
{
    int32_t logit = c->logits[id];

    return logit >= c->floor && (logit != c->floor || id <= c->last) && id != c->apart;
}

uint32_t dogberry_likeliest(const dogberry_candidates *c)
{
    uint32_t best = c->count;
    int32_t highest = DOGBERRY_BARRED + (int32_t)c->bars - 1;

    DOGBERRY_UNROLL(4)
    for (uint32_t id = 0, count = c->count, apart = c->apart; id < count; id++) {
        int32_t logit = c->logits[id];

        if (logit > highest && id != apart) {
            highest = logit;
            best = id;
        }
    }
    return best;
}

/* How many are `from` + 0, 1, 2 ... times 2^shift below the highest, in each of the sections. Barred logits are the
 * lowest of all, and as they are counted but never wanted, do not disturb. */
static void count_sections(const dogberry_candidates *c, uint32_t from, uint32_t shift, uint16_t *counts)
{
    int32_t start = c->highest - (int32_t)from;

    dogberry_fill(counts, 0, SECTIONS * sizeof *counts);
    for (const int16_t *logit = c->logits, *end = logit + c->count; logit < end; logit++) {
        uint32_t section = (uint32_t)(start - *logit) >> shift;

        if (section < SECTIONS)
            counts[section] = (uint16_t)(counts[section] + 1u);
    }
    if (c->apart < c->count) { /* which was counted, too */
        uint32_t section = (uint32_t)(start - c->logits[c->apart]) >> shift;

        if (section < SECTIONS)
            counts[section] = (uint16_t)(counts[section] - 1u);
    }
}

/* Of those at the floor the first n, 1 at least, are the last that are kept. */
static void keep_first(dogberry_candidates *c, uint32_t n)
{
    for (uint32_t id = 0; n > 0; id++) {
        if (c->logits[id] == c->floor && id != c->apart) {
            c->last = id;
            n--;
        }
    }
}

/* Keeps exactly the k best, or all where there are no more than k. Where the last of them is: distances from the
 * highest are cut into sections, or where it is not there, those behind them; and its section is cut again, until that
 * is one logit. */
static void keep_best(dogberry_candidates *c, uint32_t k, uint16_t *counts)
{
    uint32_t from = 0, section;
    uint32_t shift = ALL_BITS - 1u - SECTION_BITS; /* few logits are further apart than half of all */
    int32_t floor;

    for (;;) {
        count_sections(c, from, shift, counts);
        for (section = 0; section < SECTIONS && counts[section] < k; section++)
            k -= counts[section];
        from += section << shift;
        if (section == SECTIONS) {
            if (from >> ALL_BITS != 0)
                return;
            continue;
        }
        if (shift == 0 || counts[section] == k)
            break;
        shift = shift > SECTION_BITS ? shift - SECTION_BITS : 0;
    }
    floor = c->highest - (int32_t)(from + (1u << shift) - 1u);
    if (floor < c->floor)
        return;
    c->floor = floor;
    if (counts[section] > k)
        keep_first(c, k);
}

/* Takes the weights of the kept ids from `*id` to end - 1 off `left`, as far as there is enough of it: `*id` is then
 * the first whose weight is more, or the end. Returns what is left. Kept are, between the id that is barred and the
 * last one at the floor, all that are high enough. */
static uint64_t take_weights(const dogberry_candidates *c, const dogberry_sampler *sampler, uint32_t *id, uint32_t end,
                             uint64_t left)
{
    int32_t lowest = c->highest - (int32_t)sampler->reach;
    dogberry_weighing how = {lowest < c->floor ? c->floor : lowest, c->highest, sampler->slope};
    uint32_t at = *id;

    while (at < end) {
        uint32_t stop = end;

        if (at <= c->apart && c->apart < stop)
            stop = c->apart;
        if (at <= c->last && c->last < stop)
            stop = c->last + 1u;
        if (at > c->last && how.least == c->floor)
            how.least++;
        at = c->kernels->take(c->logits, at, stop, &how, &left);
        if (at < stop)
            break;
        if (at == c->apart)
            at++;
    }
    *id = at;
    return left;
}

static uint64_t sum_of_weights(const dogberry_candidates *c, const dogberry_sampler *sampler, uint32_t from,
                               uint32_t end)
{
    return ~take_weights(c, sampler, &from, end, UINT64_MAX); /* of what all bits are set in */
}

/* Keeps the first in order whose weights are together at least top_p thousandths of all kept ones'.
 * The logit of the last one is searched by halves, without sorting. */
static void keep_likely(dogberry_candidates *c, const dogberry_sampler *sampler)
{
    uint64_t needed = sum_of_weights(c, sampler, 0, c->count) * sampler->top_p, above = 0, sum;
    int32_t high = c->highest + 1, low = c->highest - (int32_t)sampler->reach;
    uint32_t n = 0;

    if (low < c->floor)
        low = c->floor;
    c->last = c->count;
    while (high - low > 1) { /* logits from low on suffice, those from high on, `above`, do not */
        c->floor = low + (high - low) / 2;
        sum = sum_of_weights(c, sampler, 0, c->count);
        if (sum * 1000u >= needed) {
            low = c->floor;
        } else {
            above = sum;
            high = c->floor;
        }
    }
    c->floor = low;
    for (; above * 1000u < needed; n++)
        above += dogberry_weight(sampler, (uint32_t)(c->highest - low));
    keep_first(c, n);
}

void dogberry_cut(dogberry_candidates *c, const dogberry_sampler *sampler, uint16_t *counts)
{
    c->floor = DOGBERRY_BARRED + (int32_t)c->bars;
    c->last = c->count;
    if (!c->known || (c->apart < c->count && c->logits[c->apart] == c->highest))
        c->highest = c->logits[dogberry_likeliest(c)];
    if (sampler->top_k > 0 && sampler->top_k < c->count)
        keep_best(c, sampler->top_k, counts);
    if (DOGBERRY_HAS_TOP_P && c->highest - (int32_t)sampler->near > c->floor) {
        c->floor = c->highest - (int32_t)sampler->near;
        c->last = c->count;
    }
    if (DOGBERRY_HAS_TOP_P && sampler->top_p > 0)
        keep_likely(c, sampler);
}

/* The sums of both parts' weights, and where they begin. */
typedef struct {
    const dogberry_candidates *candidates;
    const dogberry_sampler *sampler;
    uint64_t sums[2];
    uint32_t firsts[2];
} halves;

static void add_up(void *context, uint32_t first, uint32_t items, uint32_t part)
{
    halves *h = context;

    h->firsts[part] = first;
    h->sums[part] = sum_of_weights(h->candidates, h->sampler, first, first + items);
}

uint32_t dogberry_draw(dogberry_candidates *c, const dogberry_sampler *sampler, uint16_t *counts,
                       dogberry_random *random)
{
    halves h;
    uint64_t at;
    uint32_t part;

    if (sampler->slope == 0)
        return dogberry_likeliest(c);
    dogberry_cut(c, sampler, counts);
    h.candidates = c;
    h.sampler = sampler;
    h.sums[1] = 0;
    h.firsts[1] = 0;
    if (dogberry_shares(c->kernels))
        c->kernels->share(add_up, &h, c->count, c->logits, 0);
    else
        add_up(&h, 0, c->count, 0);
    at = dogberry_random_below(random, h.sums[0] + h.sums[1]);
    part = at >= h.sums[0];
    if (part != 0)
        at -= h.sums[0];
    (void)take_weights(c, sampler, &h.firsts[part], c->count, at); /* which are more than that */
    return h.firsts[part];
}
