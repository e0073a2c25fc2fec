/*
 * Output and exit of QEMU's "virt" machine: its serial port and its test device.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "../talk.h"

#define UART ((volatile uint8_t *)0x10000000u)
#define TEST_DEVICE ((volatile uint32_t *)0x100000u)

enum { PASS = 0x5555, FAIL = 0x13333, REGION_BYTES = 4 * 1024 * 1024 };

extern const uint8_t image_at[];

void run(void);
void fault(void);

void talk_put(const char *text, size_t length)
{
    while (length-- > 0)
        *UART = (uint8_t)*text++;
}

static void finish(uint32_t code)
{
    *TEST_DEVICE = code;
    for (;;) {
    }
}

void run(void)
{
    finish(talk(image_at, REGION_BYTES, NULL) == 0 ? PASS : FAIL);
}

void fault(void)
{
    static const char what[] = "fault\n";

    talk_put(what, sizeof what - 1u);
    finish(FAIL);
}
