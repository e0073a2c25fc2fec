/*
 * Bytes of a file to the text that everything else works on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_CLEAN_H
#define DB_TEXT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Whether the bytes hold a NUL, which no text does (UTF-16 and UTF-32 do). */
bool db_text_is_binary(const char *bytes, size_t length);

/* Whether anything but blanks, line breaks and a byte order mark is there. */
bool db_text_is_blank(const char *text, size_t length);

/* Turns bytes into valid UTF-8 with "\n" line ends and no byte order mark, NUL-terminated
 * in a new buffer that the caller frees. A bad byte is an error that names `path` and the
 * byte's offset, or with `lossy` becomes U+FFFD. `bytes` holds no NUL.
 * Returns 0, or -1 with the error set. */
int db_text_clean(const char *path, const char *bytes, size_t length, bool lossy, char **text, size_t *text_length,
                  db_error *error);

#endif
