/*
 * The serial console of every board: opens the models in flash, talks with a person, obeys commands.
 * Knows no chip: a board hands it a port and its memory.
 * SPDX-License-Identifier: MIT
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <dogberry.h>
#include "line.h"
#include "text.h"

#define CONSOLE_IDLE UINT32_MAX /* for console_port.working */

/* What the console needs of a board's drivers. Those marked optional may be NULL. */
struct console_port {
    int (*read)(void);           /* next byte typed, or -1; never waits */
    console_write write;         /* waits while the other side is slow */
    bool (*interrupted)(void);   /* a Ctrl-C has come in and is not read yet */
    void (*discard_input)(void); /* forgets what has come in */
    uint32_t (*micros)(void);    /* a clock in microseconds; may wrap */
    uint32_t (*stack_peak)(void);
    /* Optional: work on the image at that offset in the store begins (a light, a watchdog), or with CONSOLE_IDLE
     * ends. Calls do not nest; one may follow another without an end between them. */
    void (*working)(uint32_t place);
    /* Optional: reads of flash through a cache since the last call, and how many the cache had. */
    void (*flash_reads)(uint32_t *reads, uint32_t *hits);
};

/* What the console needs to know of a board. All memory outlives the console. */
struct console_board {
    const char *name;
    const void *store;     /* where images may be (a store), aligned to DOGBERRY_IMAGE_ALIGNMENT */
    uint32_t store_offset; /* the same place, from the start of flash */
    uint32_t store_bytes;  /* that may be read there */
    uint32_t firmware_bytes, flash_bytes;
    uint32_t ram_static, ram_bytes; /* used by data, bss and arena; on the chip */
    uint32_t stack_bytes;
    void *arena; /* for the session, aligned to DOGBERRY_ARENA_ALIGNMENT */
    uint32_t arena_bytes;
    bool
        copies; /* reading the arena is faster than reading the store: a model that fits is copied behind its session */
    uint32_t clock_hz;
    /* Sets of kernels, the one to use first, ending with NULL; the others are for /bench. NULL: the runtime's. */
    const dogberry_kernels *const *kernels;
    bool restarted;      /* by a watchdog, because the firmware hung */
    uint32_t hung_place; /* then: the place it worked on, or CONSOLE_IDLE; not used until it is asked for */
};

#define CONSOLE_LENGTH 40u /* tokens in a reply */
#define CONSOLE_LENGTH_MAX 1000u
#define CONSOLE_MODELS 16u /* that are listed; a store may hold more */

/* An image of the store, as it was found at the start. */
struct console_model {
    uint32_t place;  /* offset in the store */
    uint32_t length; /* 0 where it is damaged, as all below */
    uint32_t parameters, session_bytes;
    int status; /* DOGBERRY_OK, or why it cannot be used */
    char name[sizeof((dogberry_image *)0)->name];
};

struct console {
    const struct console_port *port;
    const struct console_board *board;
    struct console_model models[CONSOLE_MODELS];
    uint32_t model_count, models_left_out;
    uint32_t store_end;    /* where the last image ends, rounded up to a place */
    uint32_t check_micros; /* what finding and checking them took */
    uint32_t current;      /* index of the model in use */
    dogberry_image image;
    dogberry_session *session; /* NULL without a model that runs */
    int golden;                /* of the golden vector of the model in use */
    bool copy;                 /* models that fit are copied to the arena, see /copy */
    dogberry_sampling sampling;
    uint32_t seed, length;
    uint32_t token_micros; /* a token of the last reply took, 0: not known yet */
    struct line line;
};

/* Checks every image of the board's store, opens the first one that fits and runs its golden vector, which takes
 * seconds where that is long. Does not greet yet. Models that are missing or damaged are kept
 * in mind, not fatal. `port` and `board` must live on. */
void console_start(struct console *console, const struct console_port *port, const struct console_board *board);

/* Says who is speaking, or what is wrong with the models, and prompts: after the start, and again for a terminal
 * that is opened later. */
void console_greet(struct console *console);

/* Obeys everything that has been typed since the last call, replies included.
 * Returns whether there was anything. */
bool console_poll(struct console *console);

/* Tells the board that work on the model in use begins, or that there is none. */
void console_working(const struct console *console, bool working);

#endif
