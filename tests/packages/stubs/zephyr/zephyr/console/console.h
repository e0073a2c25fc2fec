/* Zephyr, "Console": lines from the standard input; the program ends with it. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void console_getline_init(void)
{
}

static inline char *console_getline(void)
{
    static char line[200];
    if (fgets(line, sizeof line, stdin) == NULL)
        exit(0);
    line[strcspn(line, "\n")] = '\0';
    return line;
}
