/*
 * What every measuring program does first, and its clock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_START_H
#define BENCH_START_H

/* OpenBLAS reads its environment while the program loads: starts the program over with the right choice of kernels in
 * it, where there is one to be made. `arguments` are main's. */
void bench_restart_with_blas_core(char **arguments);

/* Returns seconds of a clock that only goes forward. */
double bench_now(void);

#endif
