/*
 * /bench: what a token costs on this board.
 * SPDX-License-Identifier: MIT
 */
#ifndef CONSOLE_BENCH_H
#define CONSOLE_BENCH_H

#include "console.h"

/* Lets the model in use draw some tokens with each of the board's sets of kernels and writes a table of what they
 * took. There is a session. Afterwards that is as after /reset. Ctrl-C stops it. */
void bench_run(struct console *console);

#endif
