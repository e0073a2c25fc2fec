/*
 * An image in a file, opened with messages a person can act on; and a session on it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_IMAGE_FILE_H
#define CLI_IMAGE_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "dogberry.h"
#include "sampling.h"

typedef struct cli_stream cli_stream;

typedef struct {
    void *bytes; /* NULL where the image is streamed */
    size_t length;
    cli_stream *stream; /* NULL where it is not: image_stream.h */
    dogberry_image image;
    void *arena; /* only after cli_session_start() */
    size_t arena_bytes;
    dogberry_session *session;
    dogberry_sampling sampling;           /* what the session draws with */
    uint16_t banned[DOGBERRY_BANNED_MAX]; /* the same */
} cli_image;

/* Reads and opens an image. Returns 0, or -1 with the error set; close in either case. */
int cli_image_open(cli_image *file, const char *path, db_error *error);
void cli_image_close(cli_image *file);

/* Says that the image in `path` cannot be opened, why, and what to do. Returns -1. */
int cli_image_refused(const char *path, int status, db_error *error);

/* Every name a set of kernels has on any machine, ending with NULL; dogberry_kernels_named() knows which run here. */
extern const char *const cli_kernel_sets[];

/* Makes the image's sessions multiply with the kernels of that name; NULL leaves the best.
 * Returns 0, or -1 with the error set, naming those that run here. */
int cli_image_use_kernels(cli_image *file, const char *name, db_error *error);

/* Starts a session that draws as the image says but for what is in `given` (NULL: nothing), which must outlive it
 * as `file` must. Returns 0, or -1 with the error set. */
int cli_session_start(cli_image *file, const cli_sampling *given, unsigned long seed, db_error *error);

/* How many tokens of `prompt` the context has no room for: the first ones, which count little or nothing for what
 * follows. Returns 0 for models without a context. */
size_t cli_forgotten(const cli_image *file, const char *prompt);

/* Receives a reply piece by piece. Returns false to stop it. */
typedef bool (*cli_listener)(void *context, const char *piece, size_t bytes);

/* Feeds `prompt` and draws up to `length` tokens, fewer when the model ends its text, a stop
 * string comes or the listener has heard enough. Returns how many were drawn. */
unsigned long cli_reply(cli_image *file, const char *prompt, unsigned long length, cli_listener listener,
                        void *context);

/* True when the file begins as an image does; false for folders and everything else. */
bool cli_is_image(const char *path);

#endif
