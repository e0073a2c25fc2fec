/*
 * QEMU's "sim" machine with an lx106: no devices but the simulator's calls, which read, write and end the emulation,
 * and the core's cycle counter. Sources: QEMU's target/xtensa (simcall), Xtensa Instruction Set Architecture Manual
 * (CCOUNT). SPDX-License-Identifier: MIT
 */
#include "machine.h"

enum { CALL_EXIT = 1, CALL_READ = 3, CALL_WRITE = 4, CALL_SELECT = 29, INPUT = 0, OUTPUT = 1, TO_READ = 1 };
enum { CLOCK_HZ = 40000000, CYCLES_A_MICROSECOND = CLOCK_HZ / 1000000, MOMENT_MICROS = 10000 };

const struct machine machine = {MACHINE_NAME, CLOCK_HZ};

static struct {
    uint32_t cycles, micros; /* up to when this was brought up to date */
} clock;

/* start.S. The simulator's own numbers; returns what it answers. */
int simulator_call(int number, intptr_t a, intptr_t b, intptr_t c);

static uint32_t cycle_count(void)
{
    uint32_t cycles;

    __asm__ volatile("rsr %0, ccount" : "=a"(cycles));
    return cycles;
}

void machine_start(void)
{
    clock.cycles = cycle_count();
}

/* The counter wraps after 107 seconds; the console asks for input more often than that. */
uint32_t machine_micros(void)
{
    uint32_t since = (cycle_count() - clock.cycles) / CYCLES_A_MICROSECOND;

    clock.cycles += since * CYCLES_A_MICROSECOND;
    clock.micros += since;
    return clock.micros;
}

/* Whether there is input (or its end) within so many microseconds. */
static int wait_for_input(int32_t micros)
{
    const int32_t time[2] = {0, micros}; /* seconds and microseconds */

    return simulator_call(CALL_SELECT, INPUT, TO_READ, (intptr_t)time) > 0;
}

/* The end of the input, where that is a file or pipe, ends the emulation. */
int machine_get(void)
{
    uint8_t byte;

    (void)machine_micros();
    if (!wait_for_input(0))
        return -1;
    int got = simulator_call(CALL_READ, INPUT, (intptr_t)&byte, 1);

    if (got == 0)
        machine_exit(0);
    return got == 1 ? byte : -1;
}

void machine_put(const char *bytes, size_t length)
{
    if (length > 0)
        (void)simulator_call(CALL_WRITE, OUTPUT, (intptr_t)bytes, (intptr_t)length);
}

void machine_rest(void)
{
    (void)wait_for_input(MOMENT_MICROS);
}

void machine_exit(int status)
{
    (void)simulator_call(CALL_EXIT, status, 0, 0);
    for (;;) {
    }
}
