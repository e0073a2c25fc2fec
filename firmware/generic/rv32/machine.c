/*
 * QEMU's "virt" machine: its 16550 UART, the CLINT's clock, the PLIC, and its test device, which ends the emulation.
 * Sources: QEMU's documentation of "virt", RISC-V PLIC and ACLINT specifications, National's PC16550D data sheet.
 * SPDX-License-Identifier: MIT
 */
#include "machine.h"

#define UART ((volatile uint8_t *)0x10000000u)
#define CLOCK ((volatile uint32_t *)0x0200BFF8u) /* mtime, low and high half */
#define TEST_DEVICE ((volatile uint32_t *)0x00100000u)
#define PLIC(offset) ((volatile uint32_t *)(0x0C000000u + (offset)))

enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, LINE_STATUS = 5 };          /* of the UART */
enum { RECEIVES = 1, FIFO_ON = 1, HAS_BYTE = 1, TAKES_BYTE = 1 << 5 }; /* bits */
enum { PRIORITY = 0, ENABLE = 0x2000, CLAIM = 0x200004, UART_INTERRUPT = 10 };
enum { CLOCK_HZ = 10000000, PASS = 0x5555, FAIL = 0x13333 };

const struct machine machine = {MACHINE_NAME, CLOCK_HZ};

void machine_start(void)
{
    UART[FIFO] = FIFO_ON;
    UART[INTERRUPTS] = RECEIVES;
    *PLIC(PRIORITY + 4 * UART_INTERRUPT) = 1;
    *PLIC(ENABLE) = 1u << UART_INTERRUPT;
}

int machine_get(void)
{
    return UART[LINE_STATUS] & HAS_BYTE ? UART[DATA] : -1;
}

void machine_put(const char *bytes, size_t length)
{
    while (length-- > 0) {
        while (!(UART[LINE_STATUS] & TAKES_BYTE))
            ;
        UART[DATA] = (uint8_t)*bytes++;
    }
}

/* Claiming and completing takes the interrupt back; it comes again while the UART has a byte. */
void machine_rest(void)
{
    __asm__ volatile("wfi" : : : "memory");
    *PLIC(CLAIM) = *PLIC(CLAIM);
}

uint32_t machine_micros(void)
{
    uint32_t high, low;

    do {
        high = CLOCK[1];
        low = CLOCK[0];
    } while (high != CLOCK[1]);
    return (uint32_t)(((uint64_t)high << 32 | low) / (CLOCK_HZ / 1000000));
}

void machine_exit(int status)
{
    *TEST_DEVICE = status == 0 ? PASS : FAIL;
    for (;;) {
    }
}
