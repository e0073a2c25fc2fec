/*
 * The sets of kernels, one for each folder of runtime/kernels/. A folder's files guard themselves by the
 * compiler's macros for its target, so they may be given to any compiler; src/kernels.c names the sets
 * that are there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_KERNELS_H
#define DOGBERRY_KERNELS_H

#include "dogberry.h"

#endif
