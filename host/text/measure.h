/*
 * Figures of merit of a language model on a text, the same for float weights and images.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_MEASURE_H
#define DB_TEXT_MEASURE_H

#include <stddef.h>

#include "text/tokenizer.h"

typedef struct {
    size_t tokens;     /* predicted: all of the text's, end tokens too */
    size_t characters; /* code points of the text, in canonical spacing */
    double nats_per_token;
    double perplexity;         /* e to the power of nats_per_token */
    double unknown_share;      /* of the tokens */
    double bits_per_character; /* an unknown word pays for its token and its spelling (docs/NUMERICS.md) */
} db_measure;

/* Makes the figures from the summed loss over all of `tokens`, in nats. A text without tokens
 * gives zeros. Never fails. */
void db_measure_make(db_measure *measure, const db_tokens *tokens, double nats);

#endif
