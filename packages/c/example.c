/*
 * Asks the model and prints its reply. On a board, send what put() gets to the serial port.
 *
 * On a PC, with the runtime/ of Dogberry:
 *     cc -Iruntime/include -Iruntime/src example.c @PREFIX@_model.c $(find runtime -name '*.c')
 */
#include <stdio.h>

#include "@PREFIX@_model.h"
#include "dogberry.h"

static uint64_t arena[(@CAPITALS@_MODEL_SESSION_BYTES + 7u) / 8u];

static void put(void *context, const char *text, size_t bytes)
{
    (void)context;
    fwrite(text, 1, bytes, stdout);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    dogberry_image image;
    dogberry_session *session;
    int status = dogberry_open(&image, @PREFIX@_model, sizeof @PREFIX@_model);

    if (status == DOGBERRY_OK)
        status = dogberry_start(&session, &image, arena, sizeof arena);
    if (status == DOGBERRY_OK)
        status = dogberry_say(session, argc > 1 ? argv[1] : "who goes there", 40, put, NULL);
    printf("\n");
    if (status < 0)
        fprintf(stderr, "%s\n", dogberry_status_name(status));
    return status < 0;
}
