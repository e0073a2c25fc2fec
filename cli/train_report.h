/*
 * A training run at the command line: all that it works on, and what it says before and after.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAIN_REPORT_H
#define CLI_TRAIN_REPORT_H

#include "interop/model_dir.h"
#include "text/measure.h"
#include "train/advice.h"
#include "train/train.h"
#include "train_persona.h"
#include "train_settings.h"
#include "train_texts.h"

/* All that a run works on. */
typedef struct {
    cli_texts texts;
    db_coverage coverage;
    db_tokens train_tokens, validation_tokens;
    db_model_dir model;
    cli_persona persona; /* with --from */
    db_train_options options;
    db_train_result result;
    db_advice advice;
} cli_train_job;

/* The texts, and how many words cover how much of them. */
void cli_train_print_corpus(const cli_train_job *work);

/* The model's sizes and what it does not know of the text; with `persona` what is mixed. */
void cli_train_print_model(const cli_train_job *work, bool persona);

/* The lines from number `from` on, as notes. */
void cli_train_print_advice(const db_advice *advice, size_t from);

/* The end of a run for people; `report` is measured on the held-out text, `said` lines of advice were shown before. */
void cli_train_print_end(const cli_train_job *work, const cli_train_settings *given, const db_measure *report,
                         size_t said);

/* The same as one JSON object: the record of config.json with "stopped" and "advice". */
void cli_train_print_json(const cli_train_job *work);

/* The record for config.json, in text. The caller frees it. */
char *cli_train_describe(const cli_train_job *work, const cli_train_settings *given, const db_measure *report);

#endif
