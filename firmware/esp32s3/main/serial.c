/*
 * USB serial over ESP-IDF's driver, with a look ahead for Ctrl-C.
 * SPDX-License-Identifier: MIT
 */
#include "serial.h"

#include <stdint.h>

#include "driver/usb_serial_jtag.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#define RING_BYTES 1024u /* a power of two */
#define CTRL_C 3
#define PATIENCE_MS 200
#define MOMENT_MS 10

static struct {
    uint8_t bytes[RING_BYTES];
    uint32_t head, tail;
} ring;

bool serial_start(void)
{
    usb_serial_jtag_driver_config_t config = {.tx_buffer_size = 1024, .rx_buffer_size = 1024};

    return usb_serial_jtag_driver_install(&config) == ESP_OK;
}

/* Takes what the driver has, as long as there is room. */
static void fill(TickType_t wait)
{
    uint8_t byte;

    while (ring.head - ring.tail < RING_BYTES && usb_serial_jtag_read_bytes(&byte, 1, wait) == 1) {
        ring.bytes[ring.head++ % RING_BYTES] = byte;
        wait = 0;
    }
}

int serial_read(void)
{
    fill(0);
    return ring.head == ring.tail ? -1 : ring.bytes[ring.tail++ % RING_BYTES];
}

void serial_write(const char *bytes, size_t length)
{
    while (length > 0) {
        int taken = usb_serial_jtag_write_bytes(bytes, length, pdMS_TO_TICKS(PATIENCE_MS));

        if (taken <= 0)
            return;
        bytes += taken;
        length -= (size_t)taken;
    }
}

bool serial_interrupted(void)
{
    fill(0);
    for (uint32_t at = ring.tail; at != ring.head; at++) {
        if (ring.bytes[at % RING_BYTES] == CTRL_C)
            return true;
    }
    return false;
}

void serial_discard_input(void)
{
    while (serial_read() >= 0)
        ;
}

void serial_wait(void)
{
    fill(pdMS_TO_TICKS(MOMENT_MS));
}
