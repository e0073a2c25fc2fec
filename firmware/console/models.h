/*
 * The models in a board's store: found and checked at the start, listed, chosen.
 * SPDX-License-Identifier: MIT
 */
#ifndef CONSOLE_MODELS_H
#define CONSOLE_MODELS_H

#include "console.h"

/* Fills the console's list with what is in the store. Reads every image once (checksum). */
void models_scan(struct console *console);

/* Takes the first model into use that can be: sound, and its session fits the arena. */
void models_use_first(struct console *console);

/* Obeys /use: `argument` is a name or a number of the list. Where that is neither, or the model cannot be used,
 * says why and leaves the one in use as it is. */
void models_use(struct console *console, const char *argument);

/* Obeys /copy: `argument` says whether models that fit are copied to the arena. The one in use starts over. */
void models_set_copy(struct console *console, const char *argument);

/* Whether the model in use is a copy in the arena. */
bool models_is_copy(const struct console *console);

/* Writes the list. */
void models_put_list(const struct console *console);

/* Writes one line about every image that is in the store but cannot be used. */
void models_put_skipped(const struct console *console);

/* Why there is no session and what to do about it, as a line of its own. */
void models_put_problem(const struct console *console);

/* Writes what became of the golden vector of the model in use, as a line of its own. */
void models_put_golden(const struct console *console);

#endif
