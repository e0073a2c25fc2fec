/*
 * Type a line into the monitor, and the model goes on from it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "dogberry.h"
#include "dogberry_model.h"
#include "esp_random.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

/* The ESP32-S3's vector unit asks for 16 bytes. */
static uint64_t arena[(DOGBERRY_MODEL_SESSION_BYTES + 7u) / 8u] __attribute__((aligned(16)));

static void put(void *context, const char *text, size_t bytes)
{
    (void)context;
    fwrite(text, 1, bytes, stdout);
    fflush(stdout);
    vTaskDelay(1); /* the idle task feeds the watchdog */
}

/* Reads a line with echo. The console gives EOF while nothing has been typed. */
static void read_line(char *line, size_t room)
{
    size_t length = 0;

    for (;;) {
        int byte = fgetc(stdin);

        if (byte == '\r' || byte == '\n')
            break;
        if (byte == EOF) {
            clearerr(stdin);
            vTaskDelay(pdMS_TO_TICKS(10));
        } else if (length + 1 < room) {
            putchar(byte);
            fflush(stdout);
            line[length++] = (char)byte;
        }
    }
    putchar('\n');
    line[length] = '\0';
}

void app_main(void)
{
    static dogberry_image image;
    static char line[200];
    dogberry_session *session;
    int status = dogberry_open(&image, dogberry_model, sizeof dogberry_model);

    if (status == DOGBERRY_OK) {
        /* Says which kernels passed their test on this chip; C takes the place of those that do not. */
        image.kernels = dogberry_kernels_checked(image.kernels, put, NULL);
        status = dogberry_start(&session, &image, arena, sizeof arena);
    }
    if (status != DOGBERRY_OK) {
        printf("the model cannot be used: %s\n", dogberry_status_name(status));
        return;
    }
    dogberry_reset(session, esp_random());
    for (;;) {
        printf("> ");
        fflush(stdout);
        read_line(line, sizeof line);
        if (line[0] != '\0')
            dogberry_say(session, line, 40, put, NULL);
        putchar('\n');
    }
}
