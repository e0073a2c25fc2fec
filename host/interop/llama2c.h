/*
 * Models of llama2.c (github.com/karpathy/llama2.c): its version 0 checkpoints, which its run.c reads, and their
 * tokenizers. docs/IMPORT.md has the layouts and what becomes of them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_LLAMA2C_H
#define DB_INTEROP_LLAMA2C_H

#include <stddef.h>

#include "interop/model_dir.h"

/* Fills in config, layout, parameters and start token from a whole checkpoint; the other fields stay. Gains go into the
 * matrices behind the norms; where the last norm has one, the output is no longer tied. `where` starts the messages.
 * Returns 0, or -1 with the error set; free in either case with db_model_dir_free(). */
int db_llama2c_read(db_model_dir *model, const void *bytes, size_t length, const char *where, db_error *error);

/* Reads a whole tokenizer.bin of exactly `vocab` tokens. *lost: how many of them text is never turned into
 * (db_fallback_merges()).
 * Returns 0, or -1 with the error set; free in either case with db_tokenizer_free(). */
int db_llama2c_read_tokenizer(db_tokenizer *tokenizer, const void *bytes, size_t length, uint32_t vocab, size_t *lost,
                              const char *where, db_error *error);

#endif
