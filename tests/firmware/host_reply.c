/*
 * host_reply IMAGE SEED LENGTH LINE...: what the board's console would say to these lines, by the runtime on the
 * PC: for each line the text, then "digest XXXXXXXX" on a line of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dogberry.h>

#include "base/file.h"

static void reply(dogberry_session *session, const dogberry_image *image, const char *line, unsigned long length)
{
    char piece[DOGBERRY_PIECE_MAX];
    dogberry_feed(session, line, strlen(line));
    for (unsigned long i = 0; i < length; i++) {
        int token = dogberry_next(session, piece, sizeof piece, NULL);
        if (token < 0 || token == image->end_token)
            break;
        fputs(piece, stdout);
    }
    printf("\ndigest %08x\n", dogberry_digest(session));
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return fprintf(stderr, "usage: host_reply IMAGE SEED LENGTH LINE...\n"), 2;
    void *bytes;
    size_t length;
    db_error error = {""};
    dogberry_image image;
    dogberry_session *session;
    if (db_file_read(argv[1], &bytes, &length, &error) != 0)
        return fprintf(stderr, "%s\n", error.message), 1;
    int status = dogberry_open(&image, bytes, length);
    if (status != DOGBERRY_OK)
        return fprintf(stderr, "%s: %s\n", argv[1], dogberry_status_name(status)), 1;
    size_t arena_bytes = dogberry_session_bytes(&image);
    void *arena = malloc(arena_bytes);
    if (!arena || dogberry_start(&session, &image, arena, arena_bytes) != DOGBERRY_OK)
        return 1;
    dogberry_reset(session, (uint32_t)strtoul(argv[2], NULL, 10));
    for (int i = 4; i < argc; i++)
        reply(session, &image, argv[i], strtoul(argv[3], NULL, 10));
    free(arena);
    free(bytes);
    return 0;
}
