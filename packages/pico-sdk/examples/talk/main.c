/*
 * Type a line over USB or UART (GP0, GP1, 115200 baud), and the model goes on from it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "dogberry.h"
#include "dogberry_model.h"
#include "pico/stdlib.h"

static uint64_t arena[(DOGBERRY_MODEL_SESSION_BYTES + 7u) / 8u];

static void put(void *context, const char *text, size_t bytes)
{
    (void)context;
    for (size_t i = 0; i < bytes; i++)
        putchar(text[i]);
}

/* Reads a line with echo. */
static void read_line(char *line, size_t room)
{
    size_t length = 0;

    for (int byte = getchar(); byte != '\r' && byte != '\n'; byte = getchar()) {
        if (byte < 0 || length + 1 >= room)
            continue;
        putchar(byte);
        line[length++] = (char)byte;
    }
    putchar('\n');
    line[length] = '\0';
}

int main(void)
{
    dogberry_image image;
    dogberry_session *session;
    char line[200];

    stdio_init_all();
    int status = dogberry_open(&image, dogberry_model, sizeof dogberry_model);

    if (status == DOGBERRY_OK)
        status = dogberry_start(&session, &image, arena, sizeof arena);
    while (status != DOGBERRY_OK) {
        printf("the model cannot be used: %s\n", dogberry_status_name(status));
        sleep_ms(2000);
    }
    for (;;) {
        printf("> ");
        read_line(line, sizeof line);
        if (line[0] != '\0')
            dogberry_say(session, line, 40, put, NULL);
        putchar('\n');
    }
}
