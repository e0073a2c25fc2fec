/*
 * The tokens of late, and what they forbid or make less likely: docs/NUMERICS.md, "Repetition and bans".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_HISTORY_H
#define DOGBERRY_HISTORY_H

#include "dogberry.h"
#include "sampler.h"

typedef struct {
    uint16_t ids[DOGBERRY_HISTORY_MAX]; /* a ring */
    uint16_t next;                      /* where the next one goes */
    uint16_t count;
} dogberry_history;

void dogberry_history_add(dogberry_history *history, uint32_t token);

/* What a draw has to heed besides the model. */
typedef struct {
    const dogberry_tokenizer *tokenizer;
    const dogberry_history *history;
    const uint16_t *banned; /* [banned_count] */
    uint32_t banned_count;
    uint32_t unknown; /* an id that is barred in any case, or any number that is no id */
    uint32_t penalty; /* in units of logit; 0: none */
    uint32_t window;  /* of the penalty */
    uint32_t ngram;   /* 0: none */
} dogberry_rules;

/* Sets penalty, window and ngram to the sampler's, then lifts what would leave no token: the n-grams, and if
 * that does not help, the banned ones. The other fields are set. */
void dogberry_rules_settle(dogberry_rules *rules, const dogberry_sampler *sampler);

/* Whether any token's logit may be changed. */
static inline int dogberry_rules_apply(const dogberry_rules *rules)
{
    return rules->penalty != 0 || rules->ngram != 0 || rules->banned_count != 0;
}

/* The banned tokens and those that would repeat an n-gram, each once and never `unknown`, are
 * dogberry_barred_token(rules, i) for i below dogberry_barred_slots(rules); some are DOGBERRY_NO_TOKEN. */
uint32_t dogberry_barred_slots(const dogberry_rules *rules);
uint32_t dogberry_barred_token(const dogberry_rules *rules, uint32_t slot);

/* The logits that are there: those of tokens whose place is first .. first + count - 1. */
typedef struct {
    int16_t *logits;
    const dogberry_source *source; /* of uint16 places of tokens, at offset `places`; NULL: their ids */
    uint32_t places, first, count;
} dogberry_logit_range;

/* Raises logits of -32768 by one, takes the penalty off repeated tokens' and puts DOGBERRY_BARRED for barred
 * ones'. Returns DOGBERRY_OK or ERR_READ. */
int dogberry_rules_edit(const dogberry_rules *rules, const dogberry_logit_range *range);

#endif
