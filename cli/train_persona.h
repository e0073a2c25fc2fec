/*
 * dogberry train --from: another text taught to a finished model, with replay of what it knows.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAIN_PERSONA_H
#define CLI_TRAIN_PERSONA_H

#include <jansson.h>

#include "interop/model_dir.h"
#include "text/measure.h"
#include "train/mix.h"
#include "train_settings.h"
#include "train_texts.h"

typedef struct {
    const db_corpus *text; /* the persona's training text */
    const cli_train_settings *given;
    const db_model_dir *model;
    db_tokens base, base_held_out; /* what is replayed, and what shows whether it is forgotten */
    json_t *sets;                  /* the record of the replayed texts */
    db_mix mix;
    double share;
    db_measure persona_before, base_before, persona_after, base_after; /* held out */
} cli_persona;

/* Reads the replayed text that --mix names (the model's own unless it says otherwise) and mixes it with the persona's
 * tokens. `model` is the base as loaded; `texts` the persona's.
 * Returns 0, or -1 with the error set; free in either case. */
int cli_persona_prepare(cli_persona *persona, const cli_train_settings *given, const db_model_dir *model,
                        const cli_texts *texts, const db_tokens *tokens, db_error *error);

void cli_persona_free(cli_persona *persona);

/* Adds an excerpt of the persona's text to the base's calibration text. */
void cli_persona_calibrate(db_model_dir *model, const db_corpus *text, size_t bytes);

/* Says what is mixed, and which words of the persona the base does not know. */
void cli_persona_print(const cli_persona *persona, const db_tokens *tokens);

/* Both held-out losses before and after. */
void cli_persona_print_end(const cli_persona *persona);

/* The same for config.json. The caller owns the object. */
json_t *cli_persona_record(const cli_persona *persona);

#endif
