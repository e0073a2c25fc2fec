/*
 * The smallest program that talks. The same file is a program for a PC, which reads the image
 * named on its command line:
 *     cc -std=c99 -Iruntime/include -Iruntime/src examples/minimal.c $(find runtime -name "*.c") -o minimal
 * and, compiled freestanding, the part of a firmware that knows about the model: see
 * examples/cortex_m0, which calls talk() with an image in flash.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"

int talk(const void *bytes, size_t length, dogberry_put put, void *context);

/* From an image to words in ten lines. Returns how many tokens were drawn, or an error below zero. */
int talk(const void *bytes, size_t length, dogberry_put put, void *context)
{
    static uint64_t arena[1536]; /* 12 KB: as `dogberry plan` says, or more */
    static dogberry_image image;
    dogberry_session *session;
    int status = dogberry_open(&image, bytes, length);

    if (status == DOGBERRY_OK)
        status = dogberry_start(&session, &image, arena, sizeof arena);
    if (status == DOGBERRY_OK)
        status = dogberry_say(session, "Once upon a time", 40, put, context);
    return status;
}

#if __STDC_HOSTED__
#include <stdio.h>

static void print(void *stream, const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, stream);
}

int main(int count, char **arguments)
{
    static uint64_t bytes[1 << 18]; /* 2 MB; aligned to 8, and to 16 from one word or the next on */
    char *aligned = (char *)bytes + ((uintptr_t)bytes & 8u);
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;

    if (!file) {
        fprintf(stderr, "Usage: minimal IMAGE\n");
        return 2;
    }
    int status = talk(aligned, fread(aligned, 1, sizeof bytes - 8, file), print, stdout);

    fclose(file);
    printf("\n");
    if (status < 0)
        fprintf(stderr, "%s: %s\n", arguments[1], dogberry_status_name(status));
    return status < 0;
}
#endif
