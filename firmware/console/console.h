/*
 * The serial console of every board: opens the model in flash, talks with a person, obeys commands.
 * Knows no chip: a board hands it a port and its memory.
 * SPDX-License-Identifier: MIT
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <dogberry.h>
#include "line.h"
#include "text.h"

/* What the console needs of a board's drivers. */
struct console_port {
    int (*read)(void);           /* next byte typed, or -1; never waits */
    console_write write;         /* waits while the other side is slow */
    bool (*interrupted)(void);   /* a Ctrl-C has come in and is not read yet */
    void (*discard_input)(void); /* forgets what has come in */
    uint32_t (*micros)(void);    /* a clock in microseconds; may wrap */
    uint32_t (*stack_peak)(void);
};

/* What the console needs to know of a board. All memory outlives the console. */
struct console_board {
    const char *name;
    const void *model;     /* where an image may be, aligned to DOGBERRY_IMAGE_ALIGNMENT */
    uint32_t model_offset; /* the same place, from the start of flash */
    uint32_t model_space;  /* bytes that may be read there */
    uint32_t firmware_bytes, flash_bytes;
    uint32_t ram_static, ram_bytes; /* used by data, bss and arena; on the chip */
    uint32_t stack_bytes;
    void *arena; /* for the session, aligned to DOGBERRY_ARENA_ALIGNMENT */
    uint32_t arena_bytes;
};

#define CONSOLE_LENGTH 40u /* tokens in a reply */
#define CONSOLE_LENGTH_MAX 1000u

struct console {
    const struct console_port *port;
    const struct console_board *board;
    dogberry_image image;
    dogberry_session *session; /* NULL without a model that runs */
    int status;                /* of opening and starting the model */
    int golden;                /* of its golden vector */
    dogberry_sampling sampling;
    uint32_t seed, length;
    struct line line;
};

/* Opens the board's model and checks its golden vector, which takes seconds where that is long. Does not greet
 * yet. A model that is missing or damaged is kept in mind, not fatal. `port` and `board` must live on. */
void console_start(struct console *console, const struct console_port *port, const struct console_board *board);

/* Says who is speaking, or what is wrong with the model, and prompts: after the start, and again for a terminal
 * that is opened later. */
void console_greet(struct console *console);

/* Obeys everything that has been typed since the last call, replies included.
 * Returns whether there was anything. */
bool console_poll(struct console *console);

/* Why there is no session and what to do about it, as a line of its own. */
void console_put_problem(const struct console *console);

#endif
