/*
 * Start-up, output and exit of a bare Cortex-M, by semihosting.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stddef.h>
#include <stdint.h>

#include "../talk.h"

/* By the linker script; image_at is where the machine was given the image. */
extern uint32_t stack_top[], bss_begin[], bss_end[];
extern const uint8_t image_at[];

enum { SYS_WRITE0 = 0x04, SYS_EXIT = 0x18, EXIT_SUCCESS_CODE = 0x20026, EXIT_FAILURE_CODE = 0x20024 };
enum { REGION_BYTES = 4 * 1024 * 1024 }; /* no image here is longer */

static void semihost(uint32_t operation, uintptr_t argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void talk_put(const char *text, size_t length)
{
    while (length-- > 0) {
        const char one[2] = {*text++, 0};

        semihost(SYS_WRITE0, (uintptr_t)one);
    }
}

static void fault(void)
{
    static const char what[] = "fault\n";

    talk_put(what, sizeof what - 1u);
    semihost(SYS_EXIT, EXIT_FAILURE_CODE);
    for (;;) {
    }
}

void start(void);

void start(void)
{
#ifdef __ARM_FP /* nothing computes in floating point, but a compiler may use the registers */
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    for (uint32_t *at = bss_begin; at < bss_end; at++)
        *at = 0;
    semihost(SYS_EXIT, talk(image_at, REGION_BYTES, NULL) == 0 ? EXIT_SUCCESS_CODE : EXIT_FAILURE_CODE);
    fault();
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    stack_top,     (void *)start, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
    (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
    (void *)fault, (void *)fault, (void *)fault, (void *)fault};
