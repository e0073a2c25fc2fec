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

/* Fills `validation` as --val says where it names texts: those among the ones read, by path or name, or others.
 * Shares are checked and left for cli_texts_split().
 * Returns 0, or -1 with the error set. */
int cli_texts_take(db_corpus *corpus, db_corpus *validation, const cli_list *where, bool lossy, db_error *error);

/* Adds the shares that --val names (0.05) to `validation`; nothing named at all: a share of 0.05.
 * Returns how many shares were split off, or -1 with the error set. */
int cli_texts_split(db_corpus *corpus, db_corpus *validation, const cli_list *where, db_error *error);

/* The tokens as the trainer wants them. */
db_sequence cli_sequence(const db_tokens *tokens, uint16_t start_token, uint16_t end_token);

#endif
