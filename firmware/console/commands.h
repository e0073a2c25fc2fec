/*
 * The commands of the console.
 * SPDX-License-Identifier: MIT
 */
#ifndef CONSOLE_COMMANDS_H
#define CONSOLE_COMMANDS_H

#include "console.h"

/* Runs a command line, which comes without its "/". Answers with one line at least. Never fails. */
void command_run(struct console *console, const char *line);

#endif
