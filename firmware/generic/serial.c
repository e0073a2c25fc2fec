/*
 * A ring of bytes, filled whenever somebody looks. An emulator holds back what a machine has not taken yet; on a chip
 * the UART's interrupt should fill the ring, or what is typed during a reply is lost.
 * SPDX-License-Identifier: MIT
 */
#include "serial.h"

#include "machine.h"

#define RING_BYTES 1024u /* a power of two */
#define CTRL_C 3

static struct {
    uint8_t bytes[RING_BYTES];
    uint32_t head, tail;
} ring;

static void fill(void)
{
    while (ring.head - ring.tail < RING_BYTES) {
        int byte = machine_get();

        if (byte < 0)
            return;
        ring.bytes[ring.head++ % RING_BYTES] = (uint8_t)byte;
    }
}

int serial_read(void)
{
    fill();
    return ring.head == ring.tail ? -1 : ring.bytes[ring.tail++ % RING_BYTES];
}

bool serial_interrupted(void)
{
    fill();
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
