/* SPDX-License-Identifier: MIT */
#include "parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/random.h"

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Returns the least seconds that a call takes. */
static double time_part(const bench_part *p, void *bench, double seconds)
{
    double least = INFINITY, sum = 0;
    for (int i = 0; i < 3 || sum < seconds; i++) {
        const double start = thread_seconds();
        p->run(bench);
        const double taken = thread_seconds() - start;
        least = fmin(least, taken);
        sum += taken;
    }
    return least;
}

void bench_print_parts(const bench_part *parts, size_t count, void *bench, bench_scope scope, double seconds)
{
    double *taken = db_allocate(count * sizeof *taken), whole = 0;
    for (size_t i = 0; i < count; i++) {
        taken[i] = time_part(&parts[i], bench, seconds / (double)count) / (double)scope.words * 1e6;
        whole += parts[i].level == 0 ? taken[i] : 0;
    }
    printf("%-34s %9s %7s %9s\n", "part", "us a word", "share", "GFLOP/s");
    for (size_t i = 0; i < count; i++) {
        const int indent = 2 * parts[i].level;
        printf("%*s%-*s %9.2f %5.1f %%", indent, "", 34 - indent, parts[i].name, taken[i], 100 * taken[i] / whole);
        if (parts[i].operations > 0) {
            printf(" %9.1f", parts[i].operations / taken[i] * 1e-3);
        }
        printf("\n");
    }
    printf("%-34s %9.2f: %.0f words/s on %u threads, if none waits for another\n", "all", whole,
           scope.threads * 1e6 / whole, scope.threads);
    free(taken);
}

float *bench_noise(size_t count)
{
    db_random random;
    db_random_seed(&random, count);
    float *values = db_allocate(count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)(db_random_unit(&random) - 0.5) / 8;
    }
    return values;
}
