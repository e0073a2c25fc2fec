/*
 * The texts of a training run: read, freed of what stands twice, divided into training and held out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAIN_TEXTS_H
#define CLI_TRAIN_TEXTS_H

#include "options.h"
#include "text/corpus.h"
#include "text/duplicates.h"

/* What a run is told about its texts; the same words give the same texts again. */
typedef struct {
    cli_list paths, validation; /* as on the command line */
    bool lossy, dedupe;
} cli_text_set;

typedef struct {
    db_corpus train, validation;
    size_t across; /* held-out documents of which most stands in a training document too */
    bool same;     /* all held-out documents stand in the training text, to the byte */
    double leaked; /* share of the held-out text's runs of words that stand in the training text, 0..1 */
} cli_texts;

/* Reads the set. What stands twice is looked for before a share is split off, so that a text given twice is not cut
 * between its copies, and across the split after it; each pair is a note on stdout unless `quiet`, and with
 * `dedupe` one of the two goes. Fewer than `least` bytes are refused.
 * Returns 0, or -1 with the error set; free in either case. */
int cli_train_texts_read(cli_texts *texts, const cli_text_set *set, size_t least, bool quiet, db_error *error);

void cli_train_texts_free(cli_texts *texts);

/* Prints the pairs as notes, ten at the most. */
void cli_duplicates_print(const db_duplicates *found, const db_corpus *training, const db_corpus *validation);

#endif
