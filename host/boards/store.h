/*
 * Stores for flashing: several images in one file (docs/FORMAT.md, "Store").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_STORE_H
#define DB_BOARDS_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Writes the images in the files `images` one after another to `path`, each at a multiple of
 * DOGBERRY_STORE_ALIGNMENT, the rest erased flash (0xFF). Every image must be sound and have a
 * name of its own, and all together have `most` bytes at most. Returns 0, or -1 with the error set; then `path` is as
 * it was. */
int db_store_write(const char *path, const char *const *images, size_t count, uint64_t most, db_error *error);

#endif
