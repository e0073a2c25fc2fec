/*
 * Other programs' models as they lie on disk, read and turned into ours.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_IMPORT_FILES_H
#define CLI_IMPORT_FILES_H

#include "interop/model_dir.h"

/* A model of llama2.c from its checkpoint and its tokenizer. *lost: db_llama2c_read_tokenizer()'s.
 * Returns 0, or -1 with the error set; free in either case with db_model_dir_free(). */
int cli_import_llama2c(db_model_dir *model, const char *checkpoint, const char *tokenizer, size_t *lost,
                       db_error *error);

/* A model of tiny-transformers-rp2040 from a folder with one model_*.bin and the vocab_*.bin and, if there is one, the
 * config_*.json of the same ending. *empty: db_rp2040_read()'s.
 * Returns 0, or -1 with the error set; free in either case with db_model_dir_free(). */
int cli_import_rp2040(db_model_dir *model, const char *folder, size_t *empty, db_error *error);

/* Gives a model that came without text one to measure activations on: what it says itself, at temperature 1. */
void cli_import_calibrate(db_model_dir *model);

#endif
