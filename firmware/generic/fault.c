/*
 * The end of every program that a processor cannot go on with.
 * SPDX-License-Identifier: MIT
 */
#include "machine.h"

void machine_fault(void)
{
    static const char what[] = "fault\n";

    machine_put(what, sizeof what - 1u);
    machine_exit(1);
}
