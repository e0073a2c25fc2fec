/*
 * What a run's figures say about the choice of model, text and options, in plain lines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_DIAGNOSE_H
#define DB_TRAIN_DIAGNOSE_H

#include <stddef.h>
#include <stdint.h>

#include "nn/config.h"
#include "train/history.h"

enum { DB_DIAGNOSIS_LINE = 256 };

/* Before training: is the text large enough for the model? Writes a line, or an empty string. */
void db_diagnose_text(const db_model_config *config, size_t tokens, char line[DB_DIAGNOSIS_LINE]);

/* After training: did it overfit, or stop too early? Judged by the course of both losses. Writes a line, or an empty
 * string where there is nothing to say. */
void db_diagnose_history(const db_history *history, char line[DB_DIAGNOSIS_LINE]);

#endif
