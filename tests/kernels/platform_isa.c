/*
 * Bare machines that are neither Arm nor WebAssembly: the generic firmware's. Under QEMU's -icount a tick is an
 * instruction.
 *
 * SPDX-License-Identifier: MIT
 */
#include "machine.h"
#include "platform.h"

void platform_print(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    machine_put(text, length);
}

/* RISC-V: -icount shift=0. Xtensa: -icount shift=5, which makes an instruction 1.28 of CCOUNT's 25 ns. */
uint32_t platform_ticks(void)
{
    uint32_t ticks;

#ifdef __riscv
    __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrr %0, minstret\n\t.option pop" : "=r"(ticks));
#else
    __asm__ volatile("rsr %0, ccount" : "=a"(ticks));
    ticks = ticks / 32u * 25u;
#endif
    return ticks;
}
