/*
 * How a text reaches the model: B parallel streams over one token array.
 *
 * Each document is read from zero state with the start token before its first token;
 * every token, the document's end token too, is a target. Stream b reads the tokens
 * from phase + b * count / B on, wrapping around; the phase is drawn anew every epoch,
 * so that windows are cut elsewhere each time. State is carried from window to window
 * within an epoch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_BATCHES_H
#define DB_TRAIN_BATCHES_H

#include <stddef.h>
#include <stdint.h>

/* A text as token ids; points into memory of the caller. */
typedef struct {
    const uint16_t *ids;
    size_t count;
    uint16_t start_token; /* fed at zero state before a document */
    uint16_t end_token;   /* closes a document; DOGBERRY_NO_TOKEN: the array is one document */
} db_sequence;

/* The plan of one epoch. */
typedef struct {
    uint32_t streams; /* B */
    size_t length;    /* targets per stream, count / B */
    uint32_t windows; /* steps in an epoch; their lengths differ by one at most */
    uint32_t window;  /* T, the longest window */
} db_epoch_plan;

/* Plans epochs of `count` tokens. Fewer streams and shorter windows than asked for are
 * chosen where the text is too short. `divisor`: streams stay a multiple of it.
 * count >= divisor. Returns nothing. */
void db_epoch_plan_make(db_epoch_plan *plan, size_t count, uint32_t streams, uint32_t window, uint32_t divisor);

/* Returns how many of `streams` streams go through a model together where they have nothing to do with each other: a
 * divisor of them, the fewer the longer the window. Activations of all would not stay near the processor. */
uint32_t db_streams_at_once(uint32_t streams, uint32_t window);

/* Returns the length of window `index` (< windows). */
uint32_t db_epoch_window_length(const db_epoch_plan *plan, uint32_t index);

/* Where the streams of an epoch start: uniform in [0, count), from seed and epoch alone. */
size_t db_epoch_phase(uint64_t seed, uint64_t epoch, size_t count);

/* Fills one window for the streams first .. first + streams - 1 of the plan.
 *   inputs, targets [T'][streams], T' = db_epoch_window_length(plan, index)
 *   resets          [T'][streams], 1 where the state is zero before the input
 * Returns nothing. */
void db_epoch_window(const db_epoch_plan *plan, const db_sequence *text, size_t phase, uint32_t index, uint32_t first,
                     uint32_t streams, uint16_t *inputs, uint16_t *targets, uint8_t *resets);

#endif
