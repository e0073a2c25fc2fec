/* SPDX-License-Identifier: MIT */
#include "text/measure.h"

#include <math.h>

void db_measure_make(db_measure *measure, const db_tokens *tokens, double nats)
{
    *measure = (db_measure){.tokens = tokens->count, .characters = tokens->characters};
    if (tokens->count == 0)
        return;
    measure->nats_per_token = nats / (double)tokens->count;
    measure->perplexity = exp(measure->nats_per_token);
    measure->unknown_share = (double)tokens->unknown / (double)tokens->count;
    if (tokens->characters > 0)
        measure->bits_per_character = (nats + tokens->spelling_nats) / (log(2) * (double)tokens->characters);
}
