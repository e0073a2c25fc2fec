/*
 * Output and exit of QEMU's "sim" machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "../talk.h"

enum { CALL_EXIT = 1, CALL_WRITE = 4, STANDARD_OUTPUT = 1, REGION_BYTES = 4 * 1024 * 1024 };

extern const uint8_t image_at[];

int simulator_call(int number, intptr_t a, intptr_t b, intptr_t c);
void run(void);
void fault(void);

void talk_put(const char *text, size_t length)
{
    (void)simulator_call(CALL_WRITE, STANDARD_OUTPUT, (intptr_t)text, (intptr_t)length);
}

void run(void)
{
    (void)simulator_call(CALL_EXIT, talk(image_at, REGION_BYTES, NULL), 0, 0);
    for (;;) {
    }
}

void fault(void)
{
    static const char what[] = "fault\n";

    talk_put(what, sizeof what - 1u);
    (void)simulator_call(CALL_EXIT, 1, 0, 0);
    for (;;) {
    }
}
