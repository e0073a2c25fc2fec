/*
 * A machine with a C library.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform.h"
#include <stdio.h>

void platform_print(const char *text)
{
    fputs(text, stdout);
}
