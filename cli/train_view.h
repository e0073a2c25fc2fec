/*
 * What a person sees while a model trains: a bar, a line and a sample after each
 * evaluation, and Ctrl-C that ends the run in good order.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAIN_VIEW_H
#define CLI_TRAIN_VIEW_H

#include "nn/config.h"
#include "progress.h"
#include "text/tokenizer.h"
#include "train/train.h"

typedef struct {
    const db_model_config *config;
    const db_tokenizer *tokenizer;
    db_sequence special; /* start and end token */
    uint64_t seed;
    bool samples;
    cli_progress bar;
    unsigned evaluations;
} cli_train_view;

/* Callbacks that draw `view`, which outlives them. Installs the handler of Ctrl-C. */
db_train_callbacks cli_train_view_start(cli_train_view *view);

/* Clears the bar and gives Ctrl-C back. */
void cli_train_view_end(cli_train_view *view);

#endif
