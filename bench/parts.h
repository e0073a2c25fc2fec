/*
 * Timing the parts of something.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_PARTS_H
#define BENCH_PARTS_H

#include <stddef.h>

typedef struct {
    const char *name;
    void (*run)(void *bench);
    double operations; /* a word */
    int level;         /* 0: a part of the whole; 1: within the part above or below; 2: within that */
} bench_part;

/* What the table says above and below. */
typedef struct {
    size_t words;     /* that a call of each part handles */
    unsigned threads; /* of which the parts show one */
} bench_scope;

/* Runs each part again and again, for about `seconds` in all, on this thread alone, and prints a table of the least
 * processor time of each, by word. */
void bench_print_parts(const bench_part *parts, size_t count, void *bench, bench_scope scope, double seconds);

/* Returns `count` random numbers between -1/16 and 1/16; the caller frees them. */
float *bench_noise(size_t count);

#endif
