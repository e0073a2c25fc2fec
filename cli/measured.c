/* SPDX-License-Identifier: MIT */
#include "measured.h"

#include <jansson.h>
#include <stdio.h>

#include "texts.h"
#include "train/evaluate.h"

void cli_measure_float(db_measure *measure, const db_model_dir *model, const db_tokens *tokens, uint32_t threads)
{
    db_sequence text = cli_sequence(tokens, model->start_token, model->tokenizer.view.end);
    db_loss loss = db_evaluate(&model->config, model->parameters, &text, threads, NULL);
    db_measure_make(measure, tokens, loss.nats);
}

void cli_measure_print(const db_measure *measure)
{
    printf("%.4f nats per token, perplexity %.2f, %.4f bits per character, %.2f %% unknown (%zu tokens, %zu "
           "characters)\n",
           measure->nats_per_token, measure->perplexity, measure->bits_per_character, 100 * measure->unknown_share,
           measure->tokens, measure->characters);
}

void cli_measure_json(const db_measure *measure, const char *what, const char *arithmetic)
{
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:f, s:f, s:f, s:f}", "model", what, "arithmetic", arithmetic, "tokens",
                  (json_int_t)measure->tokens, "characters", (json_int_t)measure->characters, "nats_per_token",
                  measure->nats_per_token, "perplexity", measure->perplexity, "unknown_share", measure->unknown_share,
                  "bits_per_character", measure->bits_per_character);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}
