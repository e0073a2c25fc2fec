/*
 * The 0/1 knapsack: which things to take so that they are worth the most and weigh no more than allowed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_KNAPSACK_H
#define DB_PACK_KNAPSACK_H

#include <stdbool.h>
#include <stddef.h>

enum { DB_KNAPSACK_MAX = 72 };

typedef struct {
    double value,
        weight; /* a thing worth nothing is left; one that weighs nothing, or less, is taken if it is worth anything */
} db_thing;

/* Sets taken [count] (count <= DB_KNAPSACK_MAX) to the choice of the most value that weighs at most `capacity`; exact,
 * by branch and bound (the bound: the best choice if the last thing could be cut; Dantzig 1957). Things that weigh less
 * than nothing do not make room for others. `capacity` < 0: nothing that weighs anything is taken. */
void db_knapsack(const db_thing *things, size_t count, double capacity, bool *taken);

#endif
