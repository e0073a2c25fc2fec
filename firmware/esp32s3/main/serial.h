/*
 * The chip's own USB serial port.
 * SPDX-License-Identifier: MIT
 */
#ifndef SERIAL_H
#define SERIAL_H

#include <stdbool.h>
#include <stddef.h>

/* Switches the port on. Call once. Returns whether it worked. */
bool serial_start(void);

/* Never waits. Returns the next byte, or -1. */
int serial_read(void);

/* Waits while the host reads; what a host that is not there does not take is lost. */
void serial_write(const char *bytes, size_t length);

/* Returns whether a Ctrl-C has come in that serial_read() has not given out yet. */
bool serial_interrupted(void);

/* Forgets all that has come in. */
void serial_discard_input(void);

/* Waits until something has come in, or a moment. */
void serial_wait(void);

#endif
