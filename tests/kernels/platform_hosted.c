/*
 * A machine with a C library; it counts nanoseconds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform.h"
#include <stdio.h>
#include <time.h>

void platform_print(const char *text)
{
    fputs(text, stdout);
}

uint32_t platform_ticks(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC);
    return (uint32_t)now.tv_sec * 1000000000u + (uint32_t)now.tv_nsec;
}
