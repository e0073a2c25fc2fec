/* SPDX-License-Identifier: MIT */
#include "sampling.h"

#include <stdio.h>
#include <string.h>

enum { TEMPERATURE, TOP_K, TOP_P, MIN_P, REPEAT_PENALTY, REPEAT_WINDOW, NO_REPEAT, STOP, BAN };

static uint32_t thousandths(double value)
{
    return (uint32_t)(value * 1000 + 0.5);
}

void cli_sampling_numbers(cli_option *options, cli_sampling *given)
{
    /* clang-format off */
    const cli_option numbers[CLI_SAMPLING_NUMBERS] = {
        [TEMPERATURE] = {.name = "temperature", .letter = 't', .kind = CLI_REAL, .value = &given->temperature,
         .argument = "T", .most = DOGBERRY_TEMPERATURE_MAX / 1000.0, .help = "below 1 surer, above 1 wilder; 0 = always the likeliest"},
        [TOP_K] = {.name = "top-k", .letter = 'k', .kind = CLI_COUNT, .value = &given->top_k, .argument = "K",
         .most = DOGBERRY_TOP_K_MAX, .help = "draw from the K likeliest; 0 = all"},
        [TOP_P] = {.name = "top-p", .kind = CLI_REAL, .value = &given->top_p, .argument = "P", .most = 1,
         .help = "draw from the likeliest that have the probability P together; 0 = all"},
        [MIN_P] = {.name = "min-p", .kind = CLI_REAL, .value = &given->min_p, .argument = "P", .most = 1,
         .help = "draw from those at least P times as likely as the likeliest; 0 = all"},
        [REPEAT_PENALTY] = {.name = "repeat-penalty", .kind = CLI_REAL, .value = &given->repeat_penalty,
         .argument = "X", .most = DOGBERRY_PENALTY_MAX / 1000.0, .help = "nats off a word that was there lately; 0 = none"},
        [REPEAT_WINDOW] = {.name = "repeat-window", .kind = CLI_COUNT, .value = &given->repeat_window,
         .argument = "N", .most = DOGBERRY_HISTORY_MAX, .help = "tokens that the penalty looks back; 0 = 128"},
        [NO_REPEAT] = {.name = "no-repeat", .kind = CLI_COUNT, .value = &given->no_repeat, .argument = "N",
         .most = DOGBERRY_NGRAM_MAX, .help = "no N tokens in a row come again for a while; 0 = they may"},
    };
    /* clang-format on */
    memcpy(options, numbers, sizeof numbers);
    given->options = options;
}

void cli_sampling_options(cli_option *options, cli_sampling *given)
{
    cli_sampling_numbers(options, given);
    options[STOP] = (cli_option){.name = "stop",
                                 .kind = CLI_LIST,
                                 .value = &given->stops,
                                 .argument = "TEXT",
                                 .help = "end before this text (again for more)"};
    options[BAN] = (cli_option){.name = "ban",
                                .kind = CLI_LIST,
                                .value = &given->bans,
                                .argument = "WORD",
                                .help = "never say this token (again for more)"};
}

void cli_sampling_free(cli_sampling *given)
{
    cli_list_free(&given->stops);
    cli_list_free(&given->bans);
}

void cli_sampling_read(const cli_sampling *given, dogberry_sampling *sampling)
{
    const cli_option *options = given->options;
    if (options[TEMPERATURE].given)
        sampling->temperature = thousandths(given->temperature);
    if (options[TOP_K].given)
        sampling->top_k = (uint32_t)given->top_k;
    if (options[TOP_P].given)
        sampling->top_p = thousandths(given->top_p);
    if (options[MIN_P].given)
        sampling->min_p = thousandths(given->min_p);
    if (options[REPEAT_PENALTY].given)
        sampling->repeat_penalty = thousandths(given->repeat_penalty);
    if (options[REPEAT_WINDOW].given)
        sampling->repeat_window = (uint32_t)given->repeat_window;
    if (options[NO_REPEAT].given)
        sampling->no_repeat = (uint32_t)given->no_repeat;
}

/* The one known token that a text is, or -1. */
static int token_of(const dogberry_tokenizer *tokenizer, const char *text)
{
    dogberry_cursor cursor = {.text = text, .length = strlen(text)};
    int token = dogberry_encode(tokenizer, &cursor);
    return token == tokenizer->unknown || dogberry_encode(tokenizer, &cursor) >= 0 ? -1 : token;
}

/* BPE has a word at the start of a text and the same behind a space as two tokens: both are meant. */
static int ban(const dogberry_tokenizer *tokenizer, const char *word, uint16_t *banned, uint32_t *count,
               db_error *error)
{
    char spaced[DOGBERRY_KEY_MAX + 2];
    int tokens[2] = {token_of(tokenizer, word), -1};
    if (tokenizer->kind == DOGBERRY_BPE && strlen(word) <= DOGBERRY_KEY_MAX) {
        snprintf(spaced, sizeof spaced, " %s", word);
        tokens[1] = token_of(tokenizer, spaced);
    }
    if (tokens[0] < 0 && tokens[1] < 0)
        return db_fail(error, "--ban %s: that is no token of this model; ban its parts", word);
    for (size_t i = 0; i < 2; i++) {
        if (tokens[i] >= 0 && *count == DOGBERRY_BANNED_MAX)
            return db_fail(error, "--ban: at most %d tokens can be banned", DOGBERRY_BANNED_MAX);
        if (tokens[i] >= 0)
            banned[(*count)++] = (uint16_t)tokens[i];
    }
    return 0;
}

int cli_sampling_forbid(const cli_sampling *given, dogberry_session *session, const dogberry_tokenizer *tokenizer,
                        uint16_t *banned, db_error *error)
{
    uint32_t count = 0;
    for (size_t i = 0; i < given->bans.count; i++)
        if (ban(tokenizer, given->bans.items[i], banned, &count, error))
            return -1;
    if (dogberry_set_banned(session, banned, count) != DOGBERRY_OK)
        return db_fail(error, "--ban: the runtime refuses the tokens");
    if (dogberry_set_stops(session, given->stops.items, (uint32_t)given->stops.count) != DOGBERRY_OK)
        return db_fail(error, "--stop: at most %d texts of 1 to %d bytes", DOGBERRY_STOPS_MAX, DOGBERRY_STOP_MAX);
    return 0;
}

void cli_sampling_print(const dogberry_sampling *sampling)
{
    printf("temperature %.2f", sampling->temperature / 1000.0);
    if (sampling->top_k)
        printf(", top-k %u", sampling->top_k);
    if (sampling->top_p)
        printf(", top-p %g", sampling->top_p / 1000.0);
    if (sampling->min_p)
        printf(", min-p %g", sampling->min_p / 1000.0);
    if (sampling->repeat_penalty)
        printf(", repeat-penalty %g over %u tokens", sampling->repeat_penalty / 1000.0,
               sampling->repeat_window ? sampling->repeat_window : DOGBERRY_HISTORY_MAX);
    if (sampling->no_repeat)
        printf(", no-repeat %u", sampling->no_repeat);
}
