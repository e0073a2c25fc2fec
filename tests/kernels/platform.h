/*
 * What the freestanding programs here ask of the machine they run on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef KERNELS_PLATFORM_H
#define KERNELS_PLATFORM_H

#include <stdint.h>

/* Prints text; a line feed ends a line. */
void platform_print(const char *text);

/* Cycles or instructions so far, whichever the machine counts; wraps at 2^32. Not on every platform. */
uint32_t platform_ticks(void);

/* The program; its result is the exit status. */
int main(void);

#endif
