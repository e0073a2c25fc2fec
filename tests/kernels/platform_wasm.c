/*
 * A WebAssembly module: printing and the time, in nanoseconds, are imported.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform.h"

#include <stddef.h>

__attribute__((import_name("print"))) void import_print(const char *text, size_t length);
__attribute__((import_name("nanoseconds"))) double import_nanoseconds(void);

void platform_print(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    import_print(text, length);
}

uint32_t platform_ticks(void)
{
    return (uint32_t)(uint64_t)import_nanoseconds();
}

__attribute__((export_name("run"))) int run(void)
{
    return main();
}
