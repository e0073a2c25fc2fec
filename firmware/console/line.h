/*
 * A line editor for a serial terminal: echo, backspace, Ctrl-U, Ctrl-C; UTF-8.
 * SPDX-License-Identifier: MIT
 */
#ifndef CONSOLE_LINE_H
#define CONSOLE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "text.h"

#define LINE_BYTES 512 /* with the NUL at the end */
#define CTRL_C 3

/* Zero-initialise for an empty line. */
struct line {
    char text[LINE_BYTES]; /* NUL-terminated once LINE_DONE */
    size_t length;
    size_t dropped;    /* bytes that came after the buffer was full */
    bool after_return; /* a line feed that follows belongs to the carriage return */
    uint8_t escape;    /* inside an escape sequence, as of an arrow key */
};

enum line_event {
    LINE_MORE,     /* go on typing */
    LINE_DONE,     /* text[0..length) was entered */
    LINE_TOO_LONG, /* the line that just ended had length + dropped bytes; what is in text is not to be used */
    LINE_CANCELLED /* Ctrl-C */
};

/* Empties the line, keeping what must be remembered between lines. */
void line_clear(struct line *line);

/* Takes one byte as typed and echoes what a terminal has to show for it. Does not clear the line when it is
 * done. Never fails. Returns what happened. */
enum line_event line_put(struct line *line, uint8_t byte, console_write echo);

#endif
