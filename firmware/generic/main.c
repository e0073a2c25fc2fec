/*
 * The console of every board on a bare machine.
 * SPDX-License-Identifier: MIT
 */
#include "console.h"
#include "machine.h"
#include "serial.h"
#include "stack.h"

static struct console console;

static const struct console_port port = {
    .read = serial_read,
    .write = machine_put,
    .interrupted = serial_interrupted,
    .discard_input = serial_discard_input,
    .micros = machine_micros,
    .stack_peak = stack_peak,
};

static uint32_t bytes_between(const void *begin, const void *end)
{
    return (uint32_t)((uintptr_t)end - (uintptr_t)begin);
}

int main(void)
{
    const dogberry_kernels *best = dogberry_kernels_best(), *ref = &dogberry_kernels_ref;
    const dogberry_kernels *const kernels[] = {best, best == ref ? NULL : ref, NULL};
    const struct console_board board = {
        .name = machine.name,
        .store = store_begin,
        .store_bytes = bytes_between(store_begin, store_end),
        .firmware_bytes = bytes_between(firmware_begin, firmware_end),
        .flash_bytes = bytes_between(store_begin, store_end), /* flash is what the models are in */
        .ram_static = bytes_between(ram_begin, arena_end),
        .ram_bytes = bytes_between(ram_begin, ram_end),
        .stack_bytes = bytes_between(__StackBottom, __StackTop),
        .arena = arena_begin,
        .arena_bytes = bytes_between(arena_begin, arena_end),
        .clock_hz = machine.clock_hz,
        .kernels = kernels,
    };

    stack_paint();
    console_start(&console, &port, &board);
    console_greet(&console);
    for (;;) {
        if (!console_poll(&console))
            machine_rest();
    }
}
