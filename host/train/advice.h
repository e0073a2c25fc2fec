/*
 * What a maker should know about a text and a run, in plain lines that say what to do. Facts in, lines out: nothing is
 * read or measured here. train/diagnose.h judges the course of the losses while it is known; this adds what
 * the trainer cannot see: words, held-out text, sizes to choose instead.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_ADVICE_H
#define DB_TRAIN_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/config.h"
#include "text/tokenizer.h"

/* With fewer tokens a parameter than this a model learns the text by heart, whatever the dropout. */
#define DB_TOKENS_PER_PARAMETER 0.15

enum { DB_ADVICE_LINES = 24, DB_ADVICE_LENGTH = 256 };

typedef struct {
    char lines[DB_ADVICE_LINES][DB_ADVICE_LENGTH];
    size_t count;
} db_advice;

/* Adds a line (printf style). Left out: a line that is there already, and lines beyond the last place.
 * Returns whether it was added. */
bool db_advice_add(db_advice *advice, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Known before training. */
typedef struct {
    const db_model_config *config;
    uint32_t tokenizer;          /* enum dogberry_tokenizer_kind */
    bool sizes_fixed;            /* another text taught to a finished model: sizes and words cannot change */
    const db_coverage *coverage; /* of the training text */
    double unknown_share;        /* of the held-out tokens, 0..1 */
    size_t held_out_tokens;
    size_t held_out_documents;
    size_t held_out_twins; /* of these, the ones of which most stands in a training document too */
    bool held_out_same;    /* all of the held-out documents stand in the training text, to the byte */
    double leaked;         /* share of the held-out text's runs of words that stand in the training text, 0..1 */
} db_advice_text;

/* Known after it. Losses in nats a token. */
typedef struct {
    double training_loss, validation_loss; /* at the end */
    double fall;                           /* of the validation loss between the last two evaluations */
    unsigned evaluations;
    unsigned rollbacks;
    bool diverged; /* given up */
    double rate;   /* the highest learning rate */
} db_advice_run;

/* Adds what the text says: held-out text that is no test, words that the vocabulary lacks or hardly sees. */
void db_advise_text(db_advice *advice, const db_advice_text *text);

/* Adds what the run says: losses that were not numbers, a model too small for its text. */
void db_advise_run(db_advice *advice, const db_advice_text *text, const db_advice_run *run);

/* The largest preset, transformers or the others, for a text of `tokens` words and marks, `types` of them different:
 * its words must be there with some to spare, and its parameters be few enough to be learnt from so many tokens. Never
 * NULL. */
const db_preset *db_advice_preset(bool transformer, size_t tokens, size_t types);

#endif
