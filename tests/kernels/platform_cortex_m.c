/*
 * A bare Cortex-M whose debugger serves semihosting calls: QEMU, or cortex_m.mjs with rp2040js.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform.h"

/* Operations of "Semihosting for AArch32 and AArch64" (Arm), chapter 6. */
enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, SYS_ELAPSED = 0x30, STOPPED_BY_APPLICATION = 0x20026 };

/* SysTick (Armv6-M Architecture Reference Manual, B3.3). */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)
enum { SYST_ENABLE_ON_CORE_CLOCK = 5, SYST_MASK = 0xFFFFFF };

extern uint32_t stack_top[], bss_begin[], bss_end[];

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void leave(uint32_t status)
{
    uint32_t block[2] = {STOPPED_BY_APPLICATION, status};

    semihost(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

void platform_print(const char *text)
{
    semihost(SYS_WRITE0, text);
}

#if defined(TICKS_ARE_ELAPSED)
uint32_t platform_ticks(void)
{
    uint32_t elapsed[2] = {0, 0};

    semihost(SYS_ELAPSED, elapsed);
    return elapsed[0];
}
#else
/* SysTick counts down from 2^24 - 1; TICK is what one of its steps stands for. */
#ifndef TICK
#define TICK 1
#endif
uint32_t platform_ticks(void)
{
    if ((SYST_CSR & 1u) == 0) {
        SYST_RVR = SYST_MASK;
        SYST_CVR = 0;
        SYST_CSR = SYST_ENABLE_ON_CORE_CLOCK;
    }
    return (SYST_MASK - SYST_CVR) * TICK;
}
#endif

static void start(void)
{
    for (uint32_t *word = bss_begin; word < bss_end; word++)
        *word = 0;
    leave((uint32_t)main());
}

static void fault(void)
{
    platform_print("fault\n");
    leave(99);
}

__attribute__((section(".vectors"), used)) static void *const vectors[] = {stack_top, (void *)start, (void *)fault,
                                                                           (void *)fault};
