/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 24 };

double cli_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool cli_colour(int descriptor)
{
    const char *terminal = getenv("TERM");
    return isatty(descriptor) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

char *cli_duration(double seconds, char *text)
{
    long whole = seconds > 0 && seconds < 1e7 ? (long)(seconds + 0.5) : 0;
    if (whole >= 3600)
        snprintf(text, 24, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, 24, "%ld:%02ld", whole / 60, whole % 60);
    return text;
}

void cli_progress_start(cli_progress *progress, const char *label)
{
    *progress = (cli_progress){.label = label, .terminal = isatty(2), .started = cli_now()};
    progress->last = progress->started;
}

void cli_progress_update(cli_progress *progress, double done, double total, double rate, const char *rate_unit,
                         const char *note, double remaining)
{
    double now = cli_now();
    if (!progress->terminal || now - progress->last < 0.1 || (!progress->shown && now - progress->started < 1))
        return;
    progress->last = now;
    progress->shown = true;
    double share = total > 0 ? done / total : 0;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    if (remaining < 0 && share > 0)
        remaining = (now - progress->started) * (1 - share) / share;
    char bar[BAR_CELLS * 3 + 1] = "", time_left[24];
    int full = (int)(share * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        strcat(bar, i < full ? "\u2588" : "\u2591");
    fprintf(stderr, "\r\033[K%s %s %3.0f %%  %s%s%.0f %s  %s left", progress->label, bar, share * 100, note ? note : "",
            note ? "  " : "", rate, rate_unit, cli_duration(remaining, time_left));
    fflush(stderr);
}

void cli_progress_clear(cli_progress *progress)
{
    if (progress->shown) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
    progress->shown = false;
}
