/*
 * How deep the stack has been, by painting it.
 * SPDX-License-Identifier: MIT
 */
#ifndef COMMON_STACK_H
#define COMMON_STACK_H

#include <stdint.h>

/* Paints the part of the stack that is not in use yet. Call once, first thing in main(). */
void stack_paint(void);

/* Never fails. Returns the most bytes that the stack has held since stack_paint(). */
uint32_t stack_peak(void);

#endif
