/*
 * The loss of float weights on a text, exactly as defined: every document from zero
 * state, start token first, every token a target (the end token too).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_EVALUATE_H
#define DB_TRAIN_EVALUATE_H

#include <stdbool.h>

#include "nn/config.h"
#include "nn/rounding.h"
#include "train/batches.h"

typedef struct {
    double nats;   /* sum of -ln p over all targets */
    size_t tokens; /* targets */
} db_loss;

/* Documents are independent, so they are spread over `threads` threads and run side by side;
 * up to rounding the result is that of reading them one after another.
 *   parameters [layout.parameters]
 *   token_nats [text->count] or NULL: -ln p of each token
 * Returns the sums. */
db_loss db_evaluate(const db_model_config *config, const float *parameters, const db_sequence *text, uint32_t threads,
                    float *token_nats);

/* The same with activations rounded as the integer runtime does (db_pass_round_activations()); the weights are
 * already what an image keeps of them. `rounding` NULL: only these. `quickly`: as db_evaluate_quickly(). */
db_loss db_evaluate_rounded(const db_model_config *config, const float *rounded, const db_activation_rounding *rounding,
                            const db_sequence *text, uint32_t threads, bool quickly);

/* The same as db_evaluate() at half precision where the CPU has it (nn/linear.h): within about 0.001 nats a token, in
 * half the time. For watching a run. */
db_loss db_evaluate_quickly(const db_model_config *config, const float *parameters, const db_sequence *text,
                            uint32_t threads);

#endif
