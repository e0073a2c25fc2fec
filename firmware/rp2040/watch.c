/*
 * Light and watchdog. Source: RP2040 datasheet, 4.7.
 *
 * Two of the watchdog's scratch registers, which survive a restart, hold what was being worked on. The boot ROM uses
 * the last four, we the first two.
 * SPDX-License-Identifier: MIT
 */
#include "watch.h"
#include "console.h"

#include "hardware/gpio.h"
#include "hardware/watchdog.h"

#define OURS 0x44574F46u /* scratch register 0: ours is in 1 */

bool watch_start(uint32_t *place)
{
    bool restarted = (watchdog_hw->reason & WATCHDOG_REASON_TIMER_BITS) && watchdog_hw->scratch[0] == OURS;

    *place = restarted ? watchdog_hw->scratch[1] : CONSOLE_IDLE;
    watchdog_hw->scratch[0] = OURS;
    watchdog_hw->scratch[1] = CONSOLE_IDLE;
    gpio_init(PICO_DEFAULT_LED_PIN);
    gpio_set_dir(PICO_DEFAULT_LED_PIN, GPIO_OUT);
    return restarted;
}

void watch_working(uint32_t place)
{
    bool working = place != CONSOLE_IDLE;

    watchdog_hw->scratch[1] = place;
    gpio_put(PICO_DEFAULT_LED_PIN, working);
    if (working)
        watchdog_enable(WATCH_SECONDS * 1000, true);
    else
        watchdog_disable();
}
