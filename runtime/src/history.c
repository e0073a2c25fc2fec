/*
 * Repetition penalty, no-repeat n-grams and banned tokens.
 *
 * SPDX-License-Identifier: MIT
 */
#include "history.h"
#include "seam.h"
#include "tokenizer.h"

DOGBERRY_STATIC_ASSERT((DOGBERRY_HISTORY_MAX & (DOGBERRY_HISTORY_MAX - 1)) == 0, the_ring_wraps_by_a_mask);

void dogberry_history_add(dogberry_history *history, uint32_t token)
{
    history->ids[history->next] = (uint16_t)token;
    history->next = (uint16_t)((history->next + 1u) % DOGBERRY_HISTORY_MAX);
    if (history->count < DOGBERRY_HISTORY_MAX)
        history->count++;
}

/* The token `back` before the last one; back is below the count. */
static uint32_t token_at(const dogberry_history *history, uint32_t back)
{
    return history->ids[(history->next - 1u - back) % DOGBERRY_HISTORY_MAX];
}

static int is_banned(const dogberry_rules *rules, uint32_t token, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rules->banned[i] == token)
            return 1;
    }
    return 0;
}

/* Whether the tokens before this one are the last ones too, so that it would complete an n-gram again. */
static int completes_again(const dogberry_rules *rules, uint32_t back)
{
    const dogberry_history *history = rules->history;

    for (uint32_t i = 0; i + 1u < rules->ngram; i++) {
        if (token_at(history, i) != token_at(history, back + 1u + i))
            return 0;
    }
    return token_at(history, back) != rules->tokenizer->end;
}

/* How many tokens have n - 1 others before them. */
static uint32_t ngrams_of(const dogberry_rules *rules)
{
    uint32_t count = rules->history->count;

    return rules->ngram == 0 || count < rules->ngram ? 0 : count - rules->ngram + 1u;
}

uint32_t dogberry_barred_slots(const dogberry_rules *rules)
{
    return rules->banned_count + ngrams_of(rules);
}

uint32_t dogberry_barred_token(const dogberry_rules *rules, uint32_t slot)
{
    uint32_t back = slot - rules->banned_count, token;

    if (slot < rules->banned_count) {
        token = rules->banned[slot];
        return token == rules->unknown || is_banned(rules, token, slot) ? DOGBERRY_NO_TOKEN : token;
    }
    token = token_at(rules->history, back);
    if (!completes_again(rules, back) || token == rules->unknown || is_banned(rules, token, rules->banned_count))
        return DOGBERRY_NO_TOKEN;
    for (uint32_t later = 0; later < back; later++) {
        if (token_at(rules->history, later) == token && completes_again(rules, later))
            return DOGBERRY_NO_TOKEN;
    }
    return token;
}

static int is_anything_left(const dogberry_rules *rules)
{
    uint32_t left = rules->tokenizer->count, slots = dogberry_barred_slots(rules);

    left -= rules->unknown < left;
    if (slots < left)
        return 1; /* each slot bars one at most */
    for (uint32_t slot = 0; slot < slots && left > 0; slot++)
        left -= dogberry_barred_token(rules, slot) != DOGBERRY_NO_TOKEN;
    return left > 0;
}

void dogberry_rules_settle(dogberry_rules *rules, const dogberry_sampler *sampler)
{
    rules->penalty = sampler->penalty;
    rules->window = sampler->window < rules->history->count ? sampler->window : rules->history->count;
    rules->ngram = sampler->ngram;
    if (!is_anything_left(rules))
        rules->ngram = 0;
    if (!is_anything_left(rules))
        rules->banned_count = 0;
}

/* Punctuation, line breaks and special tokens have to come again and again. Returns 0, 1 or ERR_READ. */
static int may_repeat(const dogberry_tokenizer *tokenizer, uint32_t token)
{
    dogberry_entry entry;
    char room[DOGBERRY_KEY_MAX];

    if (dogberry_unread(dogberry_entry_at(tokenizer, token, &entry, room)))
        return DOGBERRY_ERR_READ;
    return entry.flags != 0 || entry.key[0] == '\n';
}

/* *logit is the token's, or NULL where it is not among them. Returns DOGBERRY_OK or ERR_READ. */
static int find_logit(const dogberry_logit_range *range, uint32_t token, int16_t **logit)
{
    int32_t place = (int32_t)token;

    if (range->source != NULL)
        place = dogberry_fetch_u16(range->source, range->places + 2u * token);
    uint32_t at = (uint32_t)place - range->first;

    *logit = at < range->count ? range->logits + at : NULL;
    return place < 0 ? DOGBERRY_ERR_READ : DOGBERRY_OK;
}

static int penalize(const dogberry_rules *rules, const dogberry_logit_range *range)
{
    for (uint32_t back = 0; back < rules->window; back++) {
        uint32_t token = token_at(rules->history, back), later = 0;
        int16_t *logit;
        int32_t lowered;

        if (dogberry_unread(find_logit(range, token, &logit)))
            return DOGBERRY_ERR_READ;
        while (token_at(rules->history, later) != token)
            later++;
        if (logit == NULL || later < back) /* was already */
            continue;
        int again = may_repeat(rules->tokenizer, token);

        if (dogberry_unread(again < 0 ? again : DOGBERRY_OK))
            return DOGBERRY_ERR_READ;
        if (again)
            continue;
        lowered = *logit - (int32_t)rules->penalty;
        *logit = (int16_t)(lowered > DOGBERRY_BARRED ? lowered : DOGBERRY_BARRED + 1);
    }
    return DOGBERRY_OK;
}

int dogberry_rules_edit(const dogberry_rules *rules, const dogberry_logit_range *range)
{
    uint32_t slots = dogberry_barred_slots(rules);

    for (uint32_t i = 0; i < range->count; i++) {
        if (range->logits[i] == DOGBERRY_BARRED)
            range->logits[i]++;
    }
    if (rules->penalty != 0 && dogberry_unread(penalize(rules, range)))
        return DOGBERRY_ERR_READ;
    for (uint32_t slot = 0; slot < slots; slot++) {
        uint32_t token = dogberry_barred_token(rules, slot);
        int16_t *logit = NULL;

        if (token != DOGBERRY_NO_TOKEN && dogberry_unread(find_logit(range, token, &logit)))
            return DOGBERRY_ERR_READ;
        if (logit != NULL)
            *logit = DOGBERRY_BARRED;
    }
    return DOGBERRY_OK;
}
