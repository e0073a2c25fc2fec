/*
 * Diagnosis.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/diagnose.h"

#include <math.h>
#include <stdio.h>

#include "train/advice.h"

void db_diagnose_text(const db_model_config *config, size_t tokens, char line[DB_DIAGNOSIS_LINE])
{
    const size_t parameters = db_model_config_trained(config);
    line[0] = '\0';
    if ((double)tokens < DB_TOKENS_PER_PARAMETER * (double)parameters) {
        snprintf(line, DB_DIAGNOSIS_LINE,
                 "the text is small for this model (%zu tokens, %zu parameters): it will be learnt by heart; "
                 "more text, or preset %s, would do better",
                 tokens, parameters,
                 db_advice_preset(config->architecture == DOGBERRY_TRANSFORMER, tokens, SIZE_MAX)->name);
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
