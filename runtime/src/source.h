/*
 * The one place where an image's bytes are asked for. In memory the answer is where they are; streamed
 * ones are read into a room of the caller's. All else is the same code for both.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_SOURCE_H
#define DOGBERRY_SOURCE_H

#include "kinds.h"
#include "seam.h"

/* A source, and a room to read it into piece by piece (unused in memory). */
typedef struct {
    const dogberry_source *source;
    uint8_t *room; /* [bytes], aligned to DOGBERRY_ARENA_ALIGNMENT */
    uint32_t bytes;
} dogberry_window;

/* The functions below, where images may be streamed. */
const void *dogberry_fetch_from(const dogberry_source *source, uint32_t offset, uint32_t bytes, void *room);
int32_t dogberry_fetch_u16_from(const dogberry_source *source, uint32_t offset);
uint32_t dogberry_fit_from(const dogberry_window *window, uint32_t unit, uint32_t count);

/* `bytes` bytes at `offset`; `room` has space for them, aligned as what is read needs it.
 * Returns a pointer to them, or NULL where reading failed. */
static inline const void *dogberry_fetch(const dogberry_source *source, uint32_t offset, uint32_t bytes, void *room)
{
    if (DOGBERRY_HAS_STREAM)
        return dogberry_fetch_from(source, offset, bytes, room);
    const uint8_t *there = source->bytes + offset;

    if (there == NULL)
        __builtin_unreachable(); /* so that looking for a failure is left out, too */
    return there;
}

static inline int dogberry_is_streamed(const dogberry_source *source)
{
    return DOGBERRY_HAS_STREAM && source->bytes == NULL;
}

/* How many of `count` units of `unit` bytes can be fetched at once: in memory all. Returns at least 1 where the
 * room holds one. */
static inline uint32_t dogberry_fit(const dogberry_window *window, uint32_t unit, uint32_t count)
{
    return DOGBERRY_HAS_STREAM ? dogberry_fit_from(window, unit, count) : count;
}

/* Whether a status of DOGBERRY_OK or ERR_READ is the latter: never, in a build without streaming. */
static inline int dogberry_unread(int status)
{
    return DOGBERRY_HAS_STREAM && status != DOGBERRY_OK;
}

/* A 16-bit number at an even offset. Returns it, or ERR_READ. */
static inline int32_t dogberry_fetch_u16(const dogberry_source *source, uint32_t offset)
{
    if (DOGBERRY_HAS_STREAM)
        return dogberry_fetch_u16_from(source, offset);
    return *(const uint16_t *)dogberry_fetch(source, offset, 2, NULL);
}

#endif
