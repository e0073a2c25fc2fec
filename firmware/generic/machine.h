/*
 * What the generic firmware needs of a machine: start-up code, a serial line, a clock, memory. A folder each;
 * a port to a chip writes one.
 * SPDX-License-Identifier: MIT
 */
#ifndef GENERIC_MACHINE_H
#define GENERIC_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* The machine's own. */
extern const struct machine {
    const char *name; /* for people */
    uint32_t clock_hz;
} machine;

/* By the linker script; the models are what is in memory from store_begin on. */
extern const uint8_t firmware_begin[], firmware_end[]; /* code and constants */
extern const uint8_t store_begin[], store_end[];       /* 16-byte aligned */
extern uint8_t ram_begin[], arena_begin[], arena_end[], ram_end[];
extern uint32_t __StackBottom[], __StackTop[];

/* What runs on the machine. Start-up code has cleared RAM and called machine_start(); it stops the machine with what
 * this returns. */
int main(void);

/* Switches serial line and clock on. */
void machine_start(void);

/* Never waits. Returns the next byte that has come in, or -1. */
int machine_get(void);

/* Waits until every byte is on its way. */
void machine_put(const char *bytes, size_t length);

/* Waits until a byte has come in, or a moment; may come back early. Interrupts need no handlers: they stay masked. */
void machine_rest(void);

/* Returns a clock in microseconds, which wraps. */
uint32_t machine_micros(void);

/* Ends the emulation with exit status 0 where `status` is 0, else another one. Does not return. */
void machine_exit(int status);

/* Start-up code comes here for whatever the processor cannot go on from. Says so and stops. */
void machine_fault(void);

#endif
