/*
 * The board's two serial ports as one: USB and UART0 (GP0 out, GP1 in, 115200 8N1). What is written goes to USB, and
 * to the UART while no terminal reads the USB port; what is read comes from either.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_SERIAL_H
#define FIRMWARE_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Switches both ports on. Call once, with the clocks running. */
void serial_start(void);

/* Never waits. Returns the next byte from either port, or -1. */
int serial_read(void);

/* Waits while a port is slow; a USB host that reads nothing for a while is written off until it reads again. */
void serial_write(const char *bytes, size_t length);

/* Never fails. Returns whether a Ctrl-C has come in that serial_read() has not given out yet. */
bool serial_interrupted(void);

/* Forgets all that has come in. */
void serial_discard_input(void);

#endif
