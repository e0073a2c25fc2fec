/*
 * A WebAssembly module: printing is imported.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform.h"

#include <stddef.h>

__attribute__((import_name("print"))) void import_print(const char *text, size_t length);

void platform_print(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    import_print(text, length);
}

__attribute__((export_name("run"))) int run(void)
{
    return main();
}
