/*
 * history.jsonl.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/history.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"

void db_history_add(db_history *history, const db_history_record *record)
{
    history->records = db_grow(history->records, &history->capacity, history->count + 1, sizeof *history->records);
    history->records[history->count++] = *record;
}

void db_history_free(db_history *history)
{
    free(history->records);
    *history = (db_history){NULL, 0, 0};
}

static void write_number(db_output *output, const char *name, double value, const char *format_end)
{
    if (isfinite(value)) {
        db_output_printf(output, "\"%s\": %.6g%s", name, value, format_end);
    } else {
        db_output_printf(output, "\"%s\": null%s", name, format_end);
    }
}

int db_history_write(const db_history *history, const char *path, db_error *error)
{
    db_output output;
    if (db_output_open(&output, path, error)) {
        return -1;
    }
    for (size_t i = 0; i < history->count; i++) {
        const db_history_record *r = &history->records[i];
        db_output_printf(&output, "{\"step\": %" PRIu64 ", \"words\": %" PRIu64 ", ", r->step, r->words);
        write_number(&output, "epoch", r->epoch, ", ");
        write_number(&output, "seconds", r->seconds, ", ");
        write_number(&output, "train_loss", r->train_loss, ", ");
        write_number(&output, "validation_loss", r->validation_loss, ", ");
        write_number(&output, "learning_rate", r->learning_rate, ", ");
        write_number(&output, "words_per_second", r->words_per_second, "}\n");
    }
    return db_output_commit(&output, error);
}
