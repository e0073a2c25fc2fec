/*
 * The machine's serial line with a look ahead for Ctrl-C.
 * SPDX-License-Identifier: MIT
 */
#ifndef GENERIC_SERIAL_H
#define GENERIC_SERIAL_H

#include <stdbool.h>

/* Never waits. Returns the next byte, or -1. */
int serial_read(void);

/* Returns whether a Ctrl-C has come in that serial_read() has not given out yet. */
bool serial_interrupted(void);

/* Forgets all that has come in. */
void serial_discard_input(void);

#endif
