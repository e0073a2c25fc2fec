/* SPDX-License-Identifier: MIT */
#include "start.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "nn/cpu.h"

void bench_restart_with_blas_core(char **arguments)
{
    const char *core = db_cpu_blas_core();
    if (core != NULL && getenv("OPENBLAS_CORETYPE") == NULL) {
        setenv("OPENBLAS_CORETYPE", core, 1);
        execv("/proc/self/exe", arguments);
    }
}

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
