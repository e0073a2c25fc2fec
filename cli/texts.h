/*
 * Texts named on a command line: read, divided into training and validation, encoded.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TEXTS_H
#define CLI_TEXTS_H

#include "options.h"
#include "text/corpus.h"
#include "text/tokenizer.h"
#include "train/batches.h"

/* Reads every path into `corpus`. Returns 0, or -1 with the error set. */
int cli_texts_read(db_corpus *corpus, const cli_list *paths, bool lossy, db_error *error);

/* Fills `validation` as --val says: each item is a share (0.05), or the path or name of texts among
 * those read, or the path of other texts. Nothing given: a share of 0.05.
 * Returns 0, or -1 with the error set. */
int cli_texts_divide(db_corpus *corpus, db_corpus *validation, const cli_list *where, bool lossy, db_error *error);

/* The tokens as the trainer wants them. */
db_sequence cli_sequence(const db_tokens *tokens, uint16_t start_token, uint16_t end_token);

#endif
