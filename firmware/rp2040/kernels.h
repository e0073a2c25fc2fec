/*
 * The board's own sets of kernels: both cores, and weights that are streamed from flash.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_KERNELS_H
#define FIRMWARE_KERNELS_H

#include <dogberry.h>

/* Starts the second core and tries long reads of flash. Call once, with no session running.
 * Returns the sets that this board can run, the fastest first, ending with NULL. All give the same bits. */
const dogberry_kernels *const *kernels_start(void);

#endif
