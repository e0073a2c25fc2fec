/*
 * A progress bar on stderr: quiet when stderr is not a terminal, at most ten updates
 * a second, silent for work that is over within a second.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

typedef struct {
    const char *label;
    bool terminal;
    bool shown;
    double started, last; /* seconds of the monotonic clock */
} cli_progress;

/* Seconds of a clock that only goes forward. */
double cli_now(void);

/* True when colour may be used on that file descriptor (a terminal, and NO_COLOR unset). */
bool cli_colour(int descriptor);

void cli_progress_start(cli_progress *progress, const char *label);

/* `done` of `total` in the caller's unit; `rate_unit` as in "words/s"; `note` (may be NULL)
 * is shown at the end. `remaining` in seconds, or negative to have it estimated. */
void cli_progress_update(cli_progress *progress, double done, double total, double rate, const char *rate_unit,
                         const char *note, double remaining);

/* Clears the bar's line, so that ordinary output can follow. */
void cli_progress_clear(cli_progress *progress);

/* "1:05" or "2:03:04". `text` holds at least 24 bytes. Returns `text`. */
char *cli_duration(double seconds, char *text);

#endif
