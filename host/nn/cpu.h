/*
 * What the CPU can do, as far as a library has to be told.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_CPU_H
#define DB_NN_CPU_H

/* OpenBLAS picks its kernels while the program loads, and older versions do not know newer
 * CPUs: the right choice has to be in the environment variable OPENBLAS_CORETYPE before.
 * Never fails. Returns the value it should have, or NULL where OpenBLAS is better left alone. */
const char *db_cpu_blas_core(void);

#endif
