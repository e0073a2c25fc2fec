/*
 * Sleeping until a device's interrupt is pending, without a handler: with interrupts masked WFI wakes all the same
 * ("Wait For Interrupt" in the reference manuals of Armv6-M, 7-M and 8-M).
 * SPDX-License-Identifier: MIT
 */
#ifndef GENERIC_NVIC_H
#define GENERIC_NVIC_H

#include <stdint.h>

/* Lets this interrupt wake the core. */
static inline void nvic_enable(uint32_t interrupt)
{
    ((volatile uint32_t *)0xE000E100u)[interrupt / 32u] = 1u << interrupt % 32u;
}

/* Sleeps until one is pending. */
static inline void nvic_wait(void)
{
    __asm__ volatile("dsb\n\twfi" : : : "memory");
}

/* Takes this one back, which its device does not assert any more. */
static inline void nvic_clear(uint32_t interrupt)
{
    ((volatile uint32_t *)0xE000E280u)[interrupt / 32u] = 1u << interrupt % 32u;
}

#endif
