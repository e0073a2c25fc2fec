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
#include "train/advice.h"
#include "train/train.h"

typedef struct {
    const db_model_config *config;
    const db_tokenizer *tokenizer;
    db_sequence special; /* start and end token */
    uint64_t seed;
    bool samples, silent;      /* silent: nothing is shown, but Ctrl-C and the figures below work */
    const db_sequence *base;   /* held-out text of the model that is taught more; NULL: none */
    uint32_t threads;          /* to evaluate that on */
    double base_cost, base_at; /* seconds that this took, and when it was done last */
    db_advice *notes;          /* receives what the trainer says */
    cli_progress bar;
    bool moved; /* the run got under way */
    unsigned evaluations;
    double last_loss, fall; /* held out, and by how much the last evaluation fell below the one before */
} cli_train_view;

/* Callbacks that draw `view`, which outlives them. Ctrl-C and a polite kill end the run in good order from here on. */
db_train_callbacks cli_train_view_start(cli_train_view *view);

/* Clears the bar and gives Ctrl-C back. */
void cli_train_view_end(cli_train_view *view);

#endif
