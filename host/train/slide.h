/*
 * What becomes of a transformer's loss when a text is longer than its context, so that the older half of it is dropped
 * again and again while keys and values of the other half stay as they are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_SLIDE_H
#define DB_TRAIN_SLIDE_H

#include "nn/config.h"
#include "train/batches.h"
#include "train/evaluate.h"

typedef struct {
    db_loss within; /* of the first tokens of every document, as many as the context holds */
    db_loss behind; /* of those behind them */
} db_slide;

/* Splits the losses token_nats [text->count] by where tokens stand in their documents. */
void db_slide_split(db_slide *out, const db_sequence *text, uint32_t context, const float *token_nats);

/* token_nats [text->count] = each token's loss, as db_evaluate() has them, but whenever the context is full the half of
 * it that stays is read anew from position 0 on, as if nothing had been before it: what dropping is to be compared
 * with. A token costs twice as much this way. `config` is a transformer's. */
void db_evaluate_anew(const db_model_config *config, const float *parameters, const db_sequence *text,
                      float *token_nats);

#endif
