/*
 * Models of tiny-transformers-rp2040 (github.com/ThomasVuNguyen/tiny-transformers-rp2040): float32 checkpoints of 32
 * bytes of header, and their vocabularies. docs/IMPORT.md has the layouts and what becomes of them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_RP2040_H
#define DB_INTEROP_RP2040_H

#include <stddef.h>

#include "interop/model_dir.h"

/* A file that was read. */
typedef struct {
    const void *bytes;
    size_t length;
    const char *path; /* starts messages */
} db_foreign_file;

/* Fills in config, layout, parameters, tokenizer and start token from a model and its vocabulary; the other fields
 * stay. Tokens without a text are left out: *empty says how many. Returns 0, or -1 with the error set; free in either
 * case with db_model_dir_free(). */
int db_rp2040_read(db_model_dir *model, const db_foreign_file *weights, const db_foreign_file *vocabulary,
                   size_t *empty, db_error *error);

/* Checks a config_*.json against what was read, before tokens were left out: each size that it names must be the
 * model's. Returns 0, or -1 with the error set. */
int db_rp2040_check(const db_model_dir *model, size_t empty, const db_foreign_file *config, db_error *error);

#endif
