/*
 * What happened during training, one record an evaluation: kept in memory, written as
 * history.jsonl (one JSON object a line) and drawn as curve.svg.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_HISTORY_H
#define DB_TRAIN_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct {
    uint64_t step, words;
    double epoch, seconds;
    double train_loss;      /* mean since the record before, dropout on */
    double validation_loss; /* NaN where there is no validation text */
    double learning_rate, words_per_second;
} db_history_record;

typedef struct {
    db_history_record *records;
    size_t count, capacity;
} db_history;

void db_history_add(db_history *history, const db_history_record *record);
void db_history_free(db_history *history);

/* Writes the records to `path`, aside and renamed. Numbers that are not finite become null.
 * Returns 0, or -1 with the error set. */
int db_history_write(const db_history *history, const char *path, db_error *error);

/* Draws both losses against epochs, readable on light and on dark ground.
 * Returns 0, or -1 with the error set. */
int db_curve_write(const db_history *history, const char *path, db_error *error);

#endif
