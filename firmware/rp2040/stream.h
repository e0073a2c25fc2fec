/*
 * Long reads of flash into SRAM, several times as fast as reading it in place.
 *
 * Between stream_begin() and stream_end() flash cannot be read in place: the caller, what it calls and what it reads
 * lie in SRAM, interrupts wait, and core 1 does nothing but what core1.h says.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_STREAM_H
#define FIRMWARE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/* Tries a read and compares what comes. Returns whether this board can do it; if not, stream_ready() stays false. */
bool stream_start(void);

bool stream_ready(void);

/* Whether so many bytes from there can be streamed: they lie in flash, on a word's boundary. */
bool stream_holds(const void *flash, uint32_t bytes);

void stream_begin(void);
void stream_end(void);

/* Starts to read `bytes` (a multiple of 4, at most 64 KB) of flash at `flash` to `to`. No other read is under way. */
void stream_fetch(void *to, const void *flash, uint32_t bytes);

/* Waits until it has come. Returns true; or false where it does not come: stream_ready() is false from then on. */
bool stream_wait(void);

/* Lets interrupts that wait be served. No read is under way. */
void stream_breathe(void);

#endif
