/*
 * An RP2040 in its emulator: prints by semihosting, which run.mjs serves.
 *
 * SPDX-License-Identifier: MIT
 */
#include "machine.h"

enum { SYS_WRITE0 = 0x04 };

void machine_start(void)
{
}

void machine_put(const char *bytes, size_t length)
{
    while (length-- > 0) {
        const char one[2] = {*bytes++, 0};
        register uintptr_t r0 __asm__("r0") = SYS_WRITE0;
        register const char *r1 __asm__("r1") = one;

        __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    }
}
