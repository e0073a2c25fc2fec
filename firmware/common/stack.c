/*
 * Stack painting.
 * SPDX-License-Identifier: MIT
 */
#include "stack.h"

#define PAINT 0x5AA5C33Cu
#define SPARE_WORDS 16 /* below the caller's frame: stack_paint()'s own */

/* From the linker script. */
extern uint32_t __StackBottom[], __StackTop[];

__attribute__((noinline)) void stack_paint(void)
{
    const uint32_t *here = __builtin_frame_address(0);

    for (volatile uint32_t *word = __StackBottom; word < here - SPARE_WORDS; word++)
        *word = PAINT;
}

uint32_t stack_peak(void)
{
    const volatile uint32_t *word = __StackBottom;

    while (word < __StackTop && *word == PAINT)
        word++;
    return (uint32_t)((uintptr_t)__StackTop - (uintptr_t)word);
}
