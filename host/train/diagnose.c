/*
 * Diagnosis.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/diagnose.h"

#include <math.h>
#include <stdio.h>

/* With fewer tokens a parameter than this a model learns the text by heart, whatever the dropout. */
static const double TOKENS_PER_PARAMETER = 0.15;

static size_t parameters_of(const db_model_config *config)
{
    db_layout layout;
    db_layout_make(&layout, config);
    return layout.parameters;
}

/* The largest preset that the text is enough for, or the smallest of all. */
static const db_preset *fitting_preset(size_t tokens)
{
    const db_preset *best = NULL, *smallest = db_presets();
    for (const db_preset *p = db_presets(); p->name != NULL; p++) {
        const size_t parameters = parameters_of(&p->config);
        if ((double)tokens >= TOKENS_PER_PARAMETER * (double)parameters &&
            (best == NULL || parameters > parameters_of(&best->config))) {
            best = p;
        }
        smallest = parameters < parameters_of(&smallest->config) ? p : smallest;
    }
    return best != NULL ? best : smallest;
}

void db_diagnose_text(const db_model_config *config, size_t tokens, char line[DB_DIAGNOSIS_LINE])
{
    const size_t parameters = parameters_of(config);
    line[0] = '\0';
    if ((double)tokens < TOKENS_PER_PARAMETER * (double)parameters) {
        snprintf(line, DB_DIAGNOSIS_LINE,
                 "the text is small for this model (%zu tokens, %zu parameters): it will be learnt by heart; "
                 "more text, or preset %s, would do better",
                 tokens, parameters, fitting_preset(tokens)->name);
    }
}

void db_diagnose_history(const db_history *history, char line[DB_DIAGNOSIS_LINE])
{
    line[0] = '\0';
    if (history->count < 3) {
        return;
    }
    const db_history_record *records = history->records, *last = &records[history->count - 1], *best = last;
    for (size_t i = 0; i < history->count; i++) {
        best = records[i].validation_loss < best->validation_loss ? &records[i] : best;
    }
    const double before = records[history->count - 2].validation_loss;
    if (last->validation_loss > best->validation_loss + 0.02 && last->train_loss < best->train_loss) {
        snprintf(
            line, DB_DIAGNOSIS_LINE,
            "overfitted after epoch %.1f of %.1f: validation loss rose from %.3f to %.3f while training loss still "
            "fell (the weights of epoch %.1f are kept); more dropout, fewer epochs or more text would help",
            best->epoch, last->epoch, best->validation_loss, last->validation_loss, best->epoch);
    } else if (before - last->validation_loss > 0.02 && last->train_loss > last->validation_loss - 0.2) {
        snprintf(
            line, DB_DIAGNOSIS_LINE,
            "still learning at the end: validation loss fell by %.3f in the last %.1f epochs; more time would help",
            before - last->validation_loss, last->epoch - records[history->count - 2].epoch);
    }
}
