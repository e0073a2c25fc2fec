/*
 * An image that stays in its file: the runtime asks for what it needs, as on a board that runs a model from a card.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_IMAGE_STREAM_H
#define CLI_IMAGE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "image_file.h"

struct cli_stream {
    int descriptor;
    dogberry_reader reader;
    uint64_t reads, bytes; /* since the last count of the caller's */
    bool failed;           /* some read did; stays set */
};

/* Opens an image whose sessions read its weights into a buffer of `buffer` bytes. Returns 0, or -1 with the error set
 * (for too small a buffer it names the least that would do); close with cli_image_close() in either case. */
int cli_image_open_stream(cli_image *file, const char *path, unsigned long buffer, db_error *error);

/* What cli_image_close() does for a stream; NULL: nothing. */
void cli_stream_close(cli_stream *stream);

#endif
