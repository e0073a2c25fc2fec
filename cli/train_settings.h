/*
 * The command line of `dogberry train`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAIN_SETTINGS_H
#define CLI_TRAIN_SETTINGS_H

#include "nn/config.h"
#include "options.h"
#include "text/corpus.h"
#include "text/tokenizer.h"
#include "train/train.h"

/* What was said. Numbers that are 0 (shares and weight decay: negative) were not, and names are NULL. */
typedef struct {
    cli_list paths, validation;
    const char *output, *from, *mix, *preset, *name, *tokenizer, *architecture, *cell, *head, *feed_forward;
    bool lossy, quiet, json, dedupe, resume;
    unsigned long vocab, embedding, hidden, layers, classes, threads, seed, batch, window, patience, steps;
    unsigned long heads, kv_heads, context, rotary_base;
    double epochs, minutes, rate, average;
    double dropout, drop_embedding, drop_input, drop_output, drop_recurrent, drop_attention, weight_decay;
} cli_train_settings;

/* Returns -1 to go on, or the exit status to leave with. */
int cli_train_parse(cli_train_settings *given, int argc, char **argv);
void cli_train_settings_free(cli_train_settings *given);

/* The sizes and the tokenizer's kind: the preset asked for, or the largest that the text can
 * fill, changed by what else was said. Returns 0, or -1 with the error set. */
int cli_train_choose(const cli_train_settings *given, const db_coverage *coverage, db_model_config *config,
                     uint32_t *tokenizer, db_error *error);

/* The trainer's own defaults for `config` on `tokens` tokens, changed by what was said. */
void cli_train_options(const cli_train_settings *given, const db_model_config *config, size_t tokens,
                       db_train_options *options);

#endif
