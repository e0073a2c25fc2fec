/*
 * The set of kernels xtensa-s3 on this machine: run by the one beside. This file's dogberry_kernels_named() knows it
 * and ref, and takes the place of the runtime's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PIE_SET_H
#define PIE_SET_H

#include "kernels.h"
#include "pie.h"

/* For its counters, which go on counting until pie_set_forget(). */
const pie_machine *pie_set_machine(void);
void pie_set_forget(void);

/* As dogberry_kernels_named(), of ref and xtensa-s3. */
const dogberry_kernels *pie_set_named(const char *name);

#endif
