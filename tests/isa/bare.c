/*
 * The program on the machines of the generic firmware.
 *
 * SPDX-License-Identifier: MIT
 */
#include "machine.h"
#include "talk.h"

void talk_put(const char *text, size_t length)
{
    machine_put(text, length);
}

int main(void)
{
    return talk(store_begin, (size_t)(store_end - store_begin), NULL);
}
