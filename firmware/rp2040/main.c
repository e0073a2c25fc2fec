/*
 * Dogberry on a Raspberry Pi Pico: a serial console over the models in flash.
 * SPDX-License-Identifier: MIT
 */
#include "board.h"
#include "console.h"
#include "kernels.h"
#include "serial.h"
#include "stack.h"
#include "usb_cdc.h"
#include "watch.h"

#include "hardware/clocks.h"
#include "hardware/sync.h"
#include "hardware/timer.h"
#if PICO_RP2040
#include "hardware/structs/xip_ctrl.h"
#endif

static uint8_t arena[FIRMWARE_ARENA_BYTES] __attribute__((aligned(16)));
static struct console console;

#if PICO_RP2040
/* The counters of the XIP cache; a write clears one. */
static void flash_reads(uint32_t *reads, uint32_t *hits)
{
    *hits = xip_ctrl_hw->ctr_hit;
    *reads = xip_ctrl_hw->ctr_acc;
    xip_ctrl_hw->ctr_hit = 0;
    xip_ctrl_hw->ctr_acc = 0;
}
#endif

static const struct console_port port = {
    .read = serial_read,
    .write = serial_write,
    .interrupted = serial_interrupted,
    .discard_input = serial_discard_input,
    .micros = time_us_32,
    .stack_peak = stack_peak,
    .working = watch_working,
#if PICO_RP2040
    .flash_reads = flash_reads,
#endif
};

int main(void)
{
    struct console_board board = {
        .name = FIRMWARE_CHIP,
        .store = (const void *)(XIP_BASE + FIRMWARE_MODEL_OFFSET),
        .store_offset = FIRMWARE_MODEL_OFFSET,
        .store_bytes = PICO_FLASH_SIZE_BYTES - FIRMWARE_MODEL_OFFSET,
        .firmware_bytes = firmware_info.flash_bytes,
        .flash_bytes = PICO_FLASH_SIZE_BYTES,
        .ram_static = firmware_info.ram_bytes,
        .ram_bytes = SRAM_END - SRAM_BASE,
        .stack_bytes = PICO_STACK_SIZE,
        .arena = arena,
        .arena_bytes = sizeof arena,
        .copies = true,
        .clock_hz = clock_get_hz(clk_sys),
    };

    bool greet = true;

    stack_paint();
    board.restarted = watch_start(&board.hung_place);
    board.kernels = kernels_start();
    serial_start();
    console_start(&console, &port, &board);
    for (;;) {
        greet |= usb_cdc_take_opened();
        if (greet)
            console_greet(&console);
        else if (!console_poll(&console))
            __wfe(); /* every interrupt sets the event, so none is slept through */
        greet = false;
    }
}
