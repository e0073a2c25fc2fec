/*
 * Matrix products shared by the two cores: a set of kernels that gives each core half of the rows. Sums of integers do
 * not depend on who makes them, so the tokens are the same. SPDX-License-Identifier: MIT
 */
#ifndef BOTH_CORES_H
#define BOTH_CORES_H

#include <dogberry.h>

/* Starts the helper on the other core; to be called once, by the task that will multiply. One product runs at a time.
 * `kernels` is what each core computes its half with.
 * Returns the set, or `kernels` where the helper cannot be started. */
const dogberry_kernels *both_cores_start(const dogberry_kernels *kernels);

#endif
