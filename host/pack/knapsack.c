/* SPDX-License-Identifier: MIT */
#include "pack/knapsack.h"

#include <assert.h>
#include <string.h>

typedef struct {
    const db_thing *things;
    size_t order[DB_KNAPSACK_MAX]; /* those in question, dearest by weight first */
    size_t count;
    bool now[DB_KNAPSACK_MAX], best[DB_KNAPSACK_MAX]; /* by place in the order */
    double best_value;
} search;

/* The most that the things from `at` on could add in `room`, if the last of them could be cut. */
static double bound(const search *s, size_t at, double room)
{
    double value = 0;
    for (; at < s->count && room > 0; at++) {
        const db_thing *thing = &s->things[s->order[at]];
        const double part = thing->weight <= room ? 1 : room / thing->weight;
        value += part * thing->value;
        room -= thing->weight;
    }
    return value;
}

/* At most DB_KNAPSACK_MAX deep. */
static void branch(search *s, size_t at, double value, double room)
{
    if (value > s->best_value) {
        s->best_value = value;
        memcpy(s->best, s->now, sizeof s->best);
    }
    if (at == s->count || value + bound(s, at, room) <= s->best_value)
        return;
    const db_thing *thing = &s->things[s->order[at]];
    if (thing->weight <= room) {
        s->now[at] = true;
        branch(s, at + 1, value + thing->value, room - thing->weight);
        s->now[at] = false;
    }
    branch(s, at + 1, value, room);
}

void db_knapsack(const db_thing *things, size_t count, double capacity, bool *taken)
{
    search s = {.things = things};
    assert(count <= DB_KNAPSACK_MAX);
    for (size_t i = 0; i < count; i++) {
        taken[i] = things[i].value > 0 && things[i].weight <= 0;
        if (things[i].value <= 0 || things[i].weight <= 0)
            continue;
        size_t at = s.count++;
        for (; at > 0; at--) {
            const db_thing *before = &things[s.order[at - 1]];
            if (before->value * things[i].weight >= things[i].value * before->weight)
                break;
            s.order[at] = s.order[at - 1];
        }
        s.order[at] = i;
    }
    branch(&s, 0, 0, capacity);
    for (size_t at = 0; at < s.count; at++)
        taken[s.order[at]] = s.best[at];
}
