/*
 * The nRF51 of QEMU's micro:bit (Cortex-M0): UART0 and TIMER0. Source: nRF51 Series Reference Manual, chapters
 * "UART" and "Timer/counter".
 * SPDX-License-Identifier: MIT
 */
#include "machine.h"
#include "nvic.h"

enum { UART = 0x40002000, TIMER = 0x40008000, UART_INTERRUPT = 2 };
enum {
    START_RX = 0x000,
    START_TX = 0x008,
    RX_READY = 0x108,
    TX_READY = 0x11C,
    INTERRUPT_ON = 0x304,
    ENABLE = 0x500,
    RX_DATA = 0x518,
    TX_DATA = 0x51C,
    BAUD_RATE = 0x524,
};
enum { START = 0x000, CAPTURE = 0x040, WIDTH = 0x508, PRESCALER = 0x510, CAPTURED = 0x540 }; /* of the timer */
enum { UART_ON = 4, RX_READY_INTERRUPT = 1 << 2, BAUD_115200 = 0x01D7E000, BITS_32 = 3, MICROSECONDS = 4 };

const struct machine machine = {MACHINE_NAME, 16000000};

static volatile uint32_t *at(uint32_t device, uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(device + offset);
}

void machine_start(void)
{
    *at(TIMER, WIDTH) = BITS_32;
    *at(TIMER, PRESCALER) = MICROSECONDS; /* 16 MHz / 2^4 */
    *at(TIMER, START) = 1;
    *at(UART, BAUD_RATE) = BAUD_115200;
    *at(UART, ENABLE) = UART_ON;
    *at(UART, START_RX) = 1;
    *at(UART, START_TX) = 1;
    *at(UART, INTERRUPT_ON) = RX_READY_INTERRUPT;
    nvic_enable(UART_INTERRUPT);
}

int machine_get(void)
{
    if (*at(UART, RX_READY) == 0)
        return -1;
    *at(UART, RX_READY) = 0;
    return (int)(*at(UART, RX_DATA) & 0xFFu);
}

void machine_put(const char *bytes, size_t length)
{
    while (length-- > 0) {
        *at(UART, TX_READY) = 0;
        *at(UART, TX_DATA) = (uint8_t)*bytes++;
        while (*at(UART, TX_READY) == 0)
            ;
    }
}

void machine_rest(void)
{
    nvic_wait();
    nvic_clear(UART_INTERRUPT);
}

uint32_t machine_micros(void)
{
    *at(TIMER, CAPTURE) = 1;
    return *at(TIMER, CAPTURED);
}
