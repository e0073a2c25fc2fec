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
/* Further than any two logits are apart. */
#define ALL_DISTANCES 65536u

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

int dogberry_is_kept(const dogberry_candidates *c, uint32_t id)
{
    int32_t logit = c->logits[id];

    return (logit > c->floor || (logit == c->floor && id <= c->last)) && !dogberry_is_barred(c, id);
}

/* Sets the highest logit. Returns how far the lowest one is below it. */
static uint32_t range_of(dogberry_candidates *c, uint32_t *count)
{
    int32_t lowest = INT32_MAX;

    c->highest = INT32_MIN;
    *count = 0;
    for (uint32_t id = 0; id < c->count; id++) {
        int32_t logit = c->logits[id];

        if (dogberry_is_barred(c, id))
            continue;
        ++*count;
        if (logit > c->highest)
            c->highest = logit;
        if (logit < lowest)
            lowest = logit;
    }
    return (uint32_t)c->highest - (uint32_t)lowest; /* of no use where all are barred */
}

/* How many are `from` + 0, 1, 2 ... times 2^shift below the highest, in each of the sections. */
static void count_sections(const dogberry_candidates *c, uint32_t from, uint32_t shift, uint16_t *counts)
{
    dogberry_fill(counts, 0, SECTIONS * sizeof *counts);
    for (uint32_t id = 0; id < c->count; id++) {
        uint32_t section = ((uint32_t)(c->highest - c->logits[id]) - from) >> shift;

        if (section < SECTIONS && !dogberry_is_barred(c, id))
            counts[section]++;
    }
}

/* Keeps exactly the k best of more than k. Where the last of them is: the range that it must be in is cut into
 * sections, and its section is the next range, until that is one logit. */
static void keep_best(dogberry_candidates *c, uint32_t k, uint32_t range, uint16_t *counts)
{
    uint32_t from = 0, above = 0, shift = 0, section;

    while (range >> shift >= SECTIONS)
        shift++;
    for (;; shift = shift > SECTION_BITS ? shift - SECTION_BITS : 0) {
        count_sections(c, from, shift, counts);
        for (section = 0; above + counts[section] < k; section++)
            above += counts[section];
        from += section << shift;
        if (shift == 0 || above + counts[section] == k)
            break;
    }
    c->floor = c->highest - (int32_t)(from + (1u << shift) - 1u);
    for (uint32_t id = 0; above + counts[section] > k; id++) { /* the first of those that are at the floor */
        if (c->logits[id] == c->floor && !dogberry_is_barred(c, id) && ++above == k) {
            c->last = id;
            return;
        }
    }
}

static uint32_t weight_of(const dogberry_candidates *c, uint32_t id, const dogberry_sampler *sampler)
{
    return dogberry_is_kept(c, id) ? dogberry_weight(sampler, (uint32_t)(c->highest - c->logits[id])) : 0;
}

/* Of the kept ids whose logits are low .. high. */
static uint64_t sum_of_weights(const dogberry_candidates *c, const dogberry_sampler *sampler, int32_t low, int32_t high)
{
    uint64_t sum = 0;

    for (uint32_t id = 0; id < c->count; id++) {
        if (c->logits[id] >= low && c->logits[id] <= high)
            sum += weight_of(c, id, sampler);
    }
    return sum;
}

/* Keeps the first in order whose weights are together at least top_p thousandths of all kept ones'.
 * The logit of the last one is searched by halves, without sorting. */
static void keep_likely(dogberry_candidates *c, const dogberry_sampler *sampler)
{
    uint64_t needed = sum_of_weights(c, sampler, c->floor, c->highest) * sampler->top_p, above = 0;
    int32_t low = c->floor, high = c->highest + 1; /* logits from low on suffice, those from high on, `above`, do not */

    if (low < c->highest - (int32_t)sampler->reach)
        low = c->highest - (int32_t)sampler->reach;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        uint64_t more = sum_of_weights(c, sampler, middle, high - 1);

        if ((above + more) * 1000u >= needed) {
            low = middle;
        } else {
            above += more;
            high = middle;
        }
    }
    for (uint32_t id = 0; id < c->count && above * 1000u < needed; id++) {
        if (c->logits[id] == low) {
            above += weight_of(c, id, sampler);
            c->last = above * 1000u >= needed ? id : c->last;
        }
    }
    c->floor = low;
}

uint32_t dogberry_likeliest(const dogberry_candidates *c)
{
    uint32_t best = c->count;

    for (uint32_t id = 0; id < c->count; id++) {
        if (!dogberry_is_barred(c, id) && (best == c->count || c->logits[id] > c->logits[best]))
            best = id;
    }
    return best;
}

void dogberry_cut(dogberry_candidates *c, const dogberry_sampler *sampler, uint16_t *counts)
{
    uint32_t count, range = range_of(c, &count);

    c->floor = -32768;
    c->last = c->count;
    if (sampler->top_k > 0 && sampler->top_k < count)
        keep_best(c, sampler->top_k, range, counts);
    if (DOGBERRY_HAS_TOP_P && c->highest - (int32_t)sampler->near > c->floor) {
        c->floor = c->highest - (int32_t)sampler->near;
        c->last = c->count;
    }
    if (DOGBERRY_HAS_TOP_P && sampler->top_p > 0)
        keep_likely(c, sampler);
}

uint32_t dogberry_draw(dogberry_candidates *c, const dogberry_sampler *sampler, uint16_t *counts,
                       dogberry_random *random)
{
    uint64_t at;

    if (sampler->slope == 0)
        return dogberry_likeliest(c);
    dogberry_cut(c, sampler, counts);
    at = dogberry_random_below(random, sum_of_weights(c, sampler, c->floor, c->highest));
    for (uint32_t id = 0;; id++) { /* ends: the weights add up to what `at` is below */
        uint32_t weight = weight_of(c, id, sampler);

        if (at < weight)
            return id;
        at -= weight;
    }
}
