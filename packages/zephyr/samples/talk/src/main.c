/*
 * Type a line on the console, and the model goes on from it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <zephyr/console/console.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "dogberry.h"
#include "dogberry_model.h"

static uint64_t arena[(DOGBERRY_MODEL_SESSION_BYTES + 7u) / 8u] __attribute__((aligned(16)));
static dogberry_image image;

static void put(void *context, const char *text, size_t bytes)
{
    ARG_UNUSED(context);
    printk("%.*s", (int)bytes, text);
}

int main(void)
{
    dogberry_session *session;
    int status = dogberry_open(&image, dogberry_model, sizeof dogberry_model);

    if (status == DOGBERRY_OK)
        status = dogberry_start(&session, &image, arena, sizeof arena);
    if (status != DOGBERRY_OK) {
        printk("the model cannot be used: %s\n", dogberry_status_name(status));
        return status;
    }
    dogberry_reset(session, k_cycle_get_32());
    console_getline_init();
    for (;;) {
        printk("> ");
        dogberry_say(session, console_getline(), 40, put, NULL);
        printk("\n");
    }
}
