/*
 * Dogberry on an ESP32-S3: the same console as on a Pico, over the models in flash.
 * SPDX-License-Identifier: MIT
 */
#include "both_cores.h"
#include "console.h"
#include "serial.h"
#include "store.h"

#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"

/* Static: in inner RAM, unlike the models. The vector unit asks for 16 bytes. */
static uint64_t arena[CONFIG_DOGBERRY_ARENA_BYTES / 8] __attribute__((aligned(16)));
static struct console console;

static uint32_t micros(void)
{
    return (uint32_t)esp_timer_get_time();
}

static uint32_t stack_peak(void)
{
    return CONFIG_ESP_MAIN_TASK_STACK_SIZE - (uint32_t)uxTaskGetStackHighWaterMark(NULL);
}

static const struct console_port port = {
    .read = serial_read,
    .write = serial_write,
    .interrupted = serial_interrupted,
    .discard_input = serial_discard_input,
    .micros = micros,
    .stack_peak = stack_peak,
};

static void say(void *unused, const char *text, size_t bytes)
{
    (void)unused;
    serial_write(text, bytes);
}

/* The chip's vector kernels if they pass their test here, else C; says which. */
static const dogberry_kernels *kernels_of_one_core(void)
{
    return dogberry_kernels_checked(dogberry_kernels_best(), say, NULL);
}

void app_main(void)
{
    static const dogberry_kernels *kernels[3]; /* the last one NULL */
    static struct console_board board = {
        .name = "ESP32-S3",
        .ram_static = sizeof arena + sizeof console,
        .ram_bytes = 512 * 1024,
        .stack_bytes = CONFIG_ESP_MAIN_TASK_STACK_SIZE,
        .arena = arena,
        .arena_bytes = sizeof arena,
        .copies = true, /* inner RAM is faster than flash and PSRAM */
        .clock_hz = CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ * 1000000u,
        .hung_place = CONSOLE_IDLE,
    };
    struct store store = store_open();

    if (!serial_start())
        return;
    board.store = store.bytes;
    board.store_bytes = store.length;
    board.store_offset = store.offset;
    board.flash_bytes = store.offset + store.length;
    kernels[0] = kernels_of_one_core();
#if CONFIG_DOGBERRY_BOTH_CORES
    kernels[1] = kernels[0];
    kernels[0] = both_cores_start(kernels[1]);
#endif
    board.kernels = kernels;
    console_start(&console, &port, &board);
    console_greet(&console);
    text_put(serial_write, "models are read from ");
    text_put(serial_write, store.where);
    text_put(serial_write, "\n> ");
    for (;;) {
        if (!console_poll(&console))
            serial_wait();
    }
}
