/*
 * Learning classes by exchange.
 *
 * With N(p, c) = how often a token of class c follows context p, the likelihood of the text's classes given their
 * contexts, and of the tokens given their classes, changes with the classes only in sum over p, c of f(N(p, c)) -
 * DB_CLASS_DISTANCES * sum over c of f(N(c)),    f(x) = x ln x. Moving one token from class to class touches the N of
 * its own contexts alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/factored.h"
#include "train/classes.h"

enum {
    CONTEXTS_MAX = 4096, /* of each distance; ids are by falling frequency, so what is left out is rare */
    ROUNDS_MAX = 12
};
static const double ENOUGH = 1e-4; /* a round that gains less than this, in nats per token, is the last */

typedef struct {
    uint32_t context, count;
} neighbour;

typedef struct {
    uint32_t vocab, classes, contexts; /* contexts of one distance */
    size_t *first;                     /* [vocab + 1] a token's neighbours */
    neighbour *neighbours;             /* what stands before a token, and how often */
    double *tokens;                    /* [vocab] occurrences */
    double *members;                   /* [classes] occurrences of the class's tokens */
    uint32_t *follows;                 /* [DB_CLASS_DISTANCES * contexts][classes] N(p, c) */
    uint16_t *class_of;                /* [vocab] */
    uint32_t *token_at;                /* [vocab] by place */
    double *gains;                     /* [vocab][classes] of moving a token, as of the round's start */
    bool *moved;                       /* [vocab] in this round */
    uint32_t *partners;                /* [classes][classes] see best_partner() */
} search;

static double f(double x)
{
    return x > 0 ? x * log(x) : 0;
}

/* ---- Counting ---- */

/* The context that `distance` before position i gives, or UINT32_MAX. */
static uint32_t context_at(const search *s, const db_sequence *text, size_t i, uint32_t distance)
{
    if (i < distance || text->ids[i - distance] >= s->contexts)
        return UINT32_MAX;
    return (distance - 1) * s->contexts + text->ids[i - distance];
}

static int by_context(const void *a, const void *b)
{
    const neighbour *left = a, *right = b;
    return (left->context > right->context) - (left->context < right->context);
}

/* Adds up equal contexts of one token. Returns how many remain. */
static size_t merge(neighbour *list, size_t count)
{
    size_t kept = 0;
    qsort(list, count, sizeof *list, by_context);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && list[kept - 1].context == list[i].context)
            list[kept - 1].count += list[i].count;
        else
            list[kept++] = list[i];
    }
    return kept;
}

static void count_neighbours(search *s, const db_sequence *text)
{
    size_t *next = db_allocate((s->vocab + (size_t)1) * sizeof *next), kept = 0;
    for (size_t i = 0; i < text->count; i++) {
        s->tokens[text->ids[i]]++;
        next[text->ids[i] + 1]++;
    }
    for (uint32_t t = 0; t < s->vocab; t++)
        next[t + 1] += next[t];
    s->neighbours = db_allocate(DB_CLASS_DISTANCES * text->count * sizeof *s->neighbours);
    size_t *fill = db_allocate(s->vocab * sizeof *fill);
    for (size_t i = 0; i < text->count; i++) {
        const uint32_t token = text->ids[i];
        for (uint32_t d = 1; d <= DB_CLASS_DISTANCES; d++) {
            const uint32_t context = context_at(s, text, i, d);
            if (context != UINT32_MAX)
                s->neighbours[DB_CLASS_DISTANCES * next[token] + fill[token]++] = (neighbour){context, 1};
        }
    }
    for (uint32_t t = 0; t < s->vocab; t++) {
        neighbour *list = s->neighbours + DB_CLASS_DISTANCES * next[t];
        const size_t count = merge(list, fill[t]);
        s->first[t] = kept;
        memmove(s->neighbours + kept, list, count * sizeof *list);
        kept += count;
    }
    s->first[s->vocab] = kept;
    free(next);
    free(fill);
}

/* ---- Moving ---- */

/* Adds a token to a class, or takes it away (sign -1). */
static void add(search *s, uint32_t token, uint32_t class, int sign)
{
    for (size_t i = s->first[token]; i < s->first[token + 1]; i++) {
        uint32_t *at = &s->follows[(size_t)s->neighbours[i].context * s->classes + class];
        *at = sign > 0 ? *at + s->neighbours[i].count : *at - s->neighbours[i].count;
    }
    s->members[class] += sign * s->tokens[token];
}

/* What the token brings to a class that it is in (`inside`), or would bring. */
static double worth(const search *s, uint32_t token, uint32_t class, bool inside)
{
    const double own = s->tokens[token], others = s->members[class] - (inside ? own : 0);
    double sum = -DB_CLASS_DISTANCES * (f(others + own) - f(others));
    for (size_t i = s->first[token]; i < s->first[token + 1]; i++) {
        const neighbour *n = &s->neighbours[i];
        const double with = s->follows[(size_t)n->context * s->classes + class] + (inside ? 0.0 : n->count);
        sum += f(with) - f(with - n->count);
    }
    return sum;
}

static void estimate_gains(search *s)
{
#pragma omp parallel for schedule(dynamic, 64)
    for (uint32_t t = 0; t < s->vocab; t++) {
        const double here = worth(s, t, s->class_of[t], true);
        for (uint32_t c = 0; c < s->classes; c++)
            s->gains[(size_t)t * s->classes + c] = c == s->class_of[t] ? 0 : worth(s, t, c, false) - here;
    }
}

/* The place in class `from`, of a token that has not moved yet, which gains most by moving to class `to`; UINT32_MAX
 * where there is none. Remembered until that token moves, because scanning the class is what costs time. */
static uint32_t best_partner(search *s, uint32_t from, uint32_t to)
{
    uint32_t *best = &s->partners[(size_t)from * s->classes + to];
    if (*best != UINT32_MAX && !s->moved[s->token_at[*best]])
        return *best;
    *best = UINT32_MAX;
    const uint32_t end = db_factored_start(s->vocab, s->classes, from + 1);
    for (uint32_t place = db_factored_start(s->vocab, s->classes, from); place < end; place++) {
        const uint32_t token = s->token_at[place];
        if (!s->moved[token] && (*best == UINT32_MAX || s->gains[(size_t)token * s->classes + to] >
                                                            s->gains[(size_t)s->token_at[*best] * s->classes + to]))
            *best = place;
    }
    return *best;
}

/* Exchanges the tokens at two places if that is a gain now. Returns the gain, or 0. */
static double exchange(search *s, uint32_t place, uint32_t other)
{
    const uint32_t a = s->token_at[place], b = s->token_at[other];
    const uint16_t class_a = s->class_of[a], class_b = s->class_of[b];
    double gain = -worth(s, a, class_a, true);
    add(s, a, class_a, -1);
    gain -= worth(s, b, class_b, true);
    add(s, b, class_b, -1);
    gain += worth(s, a, class_b, false) + worth(s, b, class_a, false);
    const bool keep = gain > 0;
    add(s, a, keep ? class_b : class_a, 1);
    add(s, b, keep ? class_a : class_b, 1);
    if (!keep)
        return 0;
    s->class_of[a] = class_b;
    s->class_of[b] = class_a;
    s->token_at[place] = b;
    s->token_at[other] = a;
    s->moved[a] = s->moved[b] = true;
    return gain;
}

/* Tries, for the token at each place, the exchange that promises most. Returns what was gained. */
static double round_of_exchanges(search *s)
{
    double gained = 0;
    estimate_gains(s);
    memset(s->moved, 0, s->vocab * sizeof *s->moved);
    memset(s->partners, 0xFF, (size_t)s->classes * s->classes * sizeof *s->partners);
    for (uint32_t place = 0; place < s->vocab; place++) {
        const uint32_t token = s->token_at[place], from = s->class_of[token];
        double promise = 0;
        uint32_t best = UINT32_MAX;
        for (uint32_t c = 0; c < s->classes && !s->moved[token]; c++) {
            const uint32_t other = c == from ? UINT32_MAX : best_partner(s, c, from);
            if (other == UINT32_MAX)
                continue;
            const double both =
                s->gains[(size_t)token * s->classes + c] + s->gains[(size_t)s->token_at[other] * s->classes + from];
            if (both > promise) {
                promise = both;
                best = other;
            }
        }
        if (best != UINT32_MAX)
            gained += exchange(s, place, best);
    }
    return gained;
}

/* ---- The search ---- */

static void start(search *s, const db_sequence *text, const float *order)
{
    s->contexts = s->vocab < CONTEXTS_MAX ? s->vocab : CONTEXTS_MAX;
    s->first = db_allocate((s->vocab + (size_t)1) * sizeof *s->first);
    s->tokens = db_allocate(s->vocab * sizeof *s->tokens);
    s->members = db_allocate(s->classes * sizeof *s->members);
    s->follows = db_allocate((size_t)DB_CLASS_DISTANCES * s->contexts * s->classes * sizeof *s->follows);
    s->class_of = db_allocate(s->vocab * sizeof *s->class_of);
    s->token_at = db_allocate(s->vocab * sizeof *s->token_at);
    s->gains = db_allocate((size_t)s->vocab * s->classes * sizeof *s->gains);
    s->moved = db_allocate(s->vocab * sizeof *s->moved);
    s->partners = db_allocate((size_t)s->classes * s->classes * sizeof *s->partners);
    count_neighbours(s, text);
    for (uint32_t c = 0; c < s->classes; c++) {
        const uint32_t end = db_factored_start(s->vocab, s->classes, c + 1);
        for (uint32_t place = db_factored_start(s->vocab, s->classes, c); place < end; place++) {
            s->token_at[place] = (uint32_t)order[place];
            s->class_of[s->token_at[place]] = (uint16_t)c;
            add(s, s->token_at[place], c, 1);
        }
    }
}

static void finish(search *s)
{
    free(s->first);
    free(s->neighbours);
    free(s->tokens);
    free(s->members);
    free(s->follows);
    free(s->class_of);
    free(s->token_at);
    free(s->gains);
    free(s->moved);
    free(s->partners);
}

double db_learn_classes(const db_sequence *text, uint32_t vocab, uint32_t classes, float *order)
{
    search s = {.vocab = vocab, .classes = classes};
    double gained = 0, last = INFINITY;
    if (text->count == 0)
        return 0;
    start(&s, text, order);
    for (int round = 0; round < ROUNDS_MAX && last > ENOUGH * (double)text->count; round++) {
        last = round_of_exchanges(&s);
        gained += last;
    }
    for (uint32_t place = 0; place < vocab; place++)
        order[place] = (float)s.token_at[place];
    finish(&s);
    return gained / (double)text->count;
}
