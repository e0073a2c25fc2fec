/*
 * The board's light and its watchdog: both are on while there is work.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_WATCH_H
#define FIRMWARE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include "hardware/structs/watchdog.h"

/* Sets the light up and finds out whether the watchdog has restarted the board. Call once. *place receives what
 * watch_working() was called with last, if so. Returns whether it has. */
bool watch_start(uint32_t *place);

/* Work on `place` begins; CONSOLE_IDLE: ends. From then on watch_alive() must be called every WATCH_SECONDS. */
void watch_working(uint32_t place);

#define WATCH_SECONDS 8u
#if PICO_RP2040
#define WATCH_LOAD (WATCH_SECONDS * 2000000u) /* erratum RP2040-E1: counts twice a microsecond */
#else
#define WATCH_LOAD (WATCH_SECONDS * 1000000u)
#endif

/* Work goes on. Touches no flash. */
static inline void watch_alive(void)
{
    watchdog_hw->load = WATCH_LOAD;
}

#endif
