/*
 * USB and UART side by side.
 * SPDX-License-Identifier: MIT
 */
#include "serial.h"
#include "usb_cdc.h"

#include "hardware/gpio.h"
#include "hardware/irq.h"
#include "hardware/timer.h"
#include "hardware/uart.h"

#define UART uart0
#define TX_PIN 0
#define RX_PIN 1
#define BAUD 115200
#define RING_BYTES 1024u /* a power of two */
#define CTRL_C 3
#define USB_PATIENCE_US 200000u

static struct {
    uint8_t bytes[RING_BYTES]; /* from the UART; its interrupt writes, serial_read() reads */
    volatile uint32_t head, tail;
    volatile bool interrupted;
    bool usb_deaf; /* the USB host is not reading */
} serial;

static void received(uint8_t byte)
{
    if (byte == CTRL_C)
        serial.interrupted = true;
}

static void uart_interrupt(void)
{
    while (uart_is_readable(UART)) {
        uint32_t data = uart_get_hw(UART)->dr;

        if (data & (UART_UARTDR_FE_BITS | UART_UARTDR_PE_BITS | UART_UARTDR_BE_BITS))
            continue; /* noise, as of a cable being plugged in */
        received((uint8_t)data);
        if (serial.head - serial.tail < RING_BYTES)
            serial.bytes[serial.head++ % RING_BYTES] = (uint8_t)data;
    }
}

void serial_start(void)
{
    uart_init(UART, BAUD);
    gpio_set_function(TX_PIN, GPIO_FUNC_UART);
    gpio_set_function(RX_PIN, GPIO_FUNC_UART);
    gpio_pull_up(RX_PIN); /* with nothing connected the line must rest high, or noise comes in as text */
    irq_set_exclusive_handler(UART_IRQ_NUM(UART), uart_interrupt);
    irq_set_enabled(UART_IRQ_NUM(UART), true);
    uart_set_irqs_enabled(UART, true, false);
    usb_cdc_start(received);
}

int serial_read(void)
{
    int byte = usb_cdc_read();

    if (byte < 0 && serial.head != serial.tail) {
        byte = serial.bytes[serial.tail % RING_BYTES];
        serial.tail++;
    }
    if (byte == CTRL_C)
        serial.interrupted = false;
    return byte;
}

static void usb_write(const char *bytes, size_t length)
{
    uint32_t since = time_us_32();

    while (length > 0 && usb_cdc_configured()) {
        size_t n = usb_cdc_write(bytes, length);

        bytes += n;
        length -= n;
        if (n > 0) {
            since = time_us_32();
            serial.usb_deaf = false;
        } else if (serial.usb_deaf || time_us_32() - since > USB_PATIENCE_US) {
            serial.usb_deaf = true;
            return;
        }
    }
}

/* The UART takes 87 us a character, which is more than the smallest models need for it: nobody on USB should wait for
 * that. */
void serial_write(const char *bytes, size_t length)
{
    usb_write(bytes, length);
    if (!usb_cdc_is_read() || serial.usb_deaf)
        uart_write_blocking(UART, (const uint8_t *)bytes, length);
}

bool serial_interrupted(void)
{
    return serial.interrupted;
}

void serial_discard_input(void)
{
    while (serial_read() >= 0)
        ;
    serial.interrupted = false;
}
