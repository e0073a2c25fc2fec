/*
 * Arm's MPS2 boards: UART0 of the CMSDK, and the FPGA's microsecond counter. AN385 (Cortex-M3), AN386 (M4) and AN500
 * (M7) have one map, AN505 (M33) another; these are its secure addresses. Sources: Arm application notes DAI 0385,
 * 0386, 0500, 0505 and the Cortex-M System Design Kit's manual, DDI 0479 ("APB UART"). SPDX-License-Identifier: MIT
 */
#include "machine.h"
#include "nvic.h"

#if __ARM_ARCH >= 8
enum { UART = 0x50200000, UART_RECEIVES = 32, BOARD = 0x50302000, CLOCK_HZ = 20000000 };
#else
enum { UART = 0x40004000, UART_RECEIVES = 0, BOARD = 0x40028000, CLOCK_HZ = 25000000 };
#endif

enum { DATA = 0x00, STATE = 0x04, CONTROL = 0x08, CLEAR = 0x0C, DIVIDER = 0x10 };               /* of the UART */
enum { TX_FULL = 1, RX_FULL = 2, TX_ON = 1, RX_ON = 2, RX_INTERRUPT_ON = 8, RX_INTERRUPT = 2 }; /* bits */
enum { COUNTER = 0x18, PRESCALE = 0x1C };                                                       /* of the board */
enum { BAUD = 115200 };

const struct machine machine = {MACHINE_NAME, CLOCK_HZ};

static volatile uint32_t *at(uint32_t device, uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(device + offset);
}

void machine_start(void)
{
    *at(BOARD, PRESCALE) = CLOCK_HZ / 1000000 - 1;
    *at(UART, DIVIDER) = CLOCK_HZ / BAUD;
    *at(UART, CONTROL) = TX_ON | RX_ON | RX_INTERRUPT_ON;
    (void)*at(UART, DATA); /* QEMU offers what came in before this only after a read */
    nvic_enable(UART_RECEIVES);
}

int machine_get(void)
{
    return *at(UART, STATE) & RX_FULL ? (int)(*at(UART, DATA) & 0xFFu) : -1;
}

void machine_put(const char *bytes, size_t length)
{
    while (length-- > 0) {
        while (*at(UART, STATE) & TX_FULL)
            ;
        *at(UART, DATA) = (uint8_t)*bytes++;
    }
}

/* The UART's interrupt is taken back before the NVIC's, or it would be pending again at once. */
void machine_rest(void)
{
    nvic_wait();
    *at(UART, CLEAR) = RX_INTERRUPT;
    nvic_clear(UART_RECEIVES);
}

uint32_t machine_micros(void)
{
    return *at(BOARD, COUNTER);
}
