/*
 * How tokens are drawn, as options of the command line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_SAMPLING_H
#define CLI_SAMPLING_H

#include "base/error.h"
#include "dogberry.h"
#include "options.h"

enum { CLI_SAMPLING_NUMBERS = 7, CLI_SAMPLING_OPTIONS = CLI_SAMPLING_NUMBERS + 2 };

typedef struct {
    double temperature, top_p, min_p, repeat_penalty; /* 0.8 = 0.8; the penalty in nats */
    unsigned long top_k, repeat_window, no_repeat;
    cli_list stops, bans;
    const cli_option *options; /* as they were filled in: which of them are given */
} cli_sampling;

/* Fills in CLI_SAMPLING_NUMBERS options that set `given`'s numbers. */
void cli_sampling_numbers(cli_option *options, cli_sampling *given);

/* Fills in CLI_SAMPLING_OPTIONS: the numbers, --stop and --ban. */
void cli_sampling_options(cli_option *options, cli_sampling *given);
void cli_sampling_free(cli_sampling *given);

/* Writes the numbers that were given over those of `sampling`. */
void cli_sampling_read(const cli_sampling *given, dogberry_sampling *sampling);

/* Sets the session's stop strings and banned tokens; `banned` [DOGBERRY_BANNED_MAX] must outlive it, as must
 * `given`. Returns 0, or -1 with the error set: a word that is no one token, too many, a text too long. */
int cli_sampling_forbid(const cli_sampling *given, dogberry_session *session, const dogberry_tokenizer *tokenizer,
                        uint16_t *banned, db_error *error);

/* "temperature 0.80", and of the others those that are on. */
void cli_sampling_print(const dogberry_sampling *sampling);

#endif
