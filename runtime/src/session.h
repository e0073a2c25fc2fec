/*
 * The layout of a session in the caller's arena. Everything in it is found by offsets from
 * its start, so its size does not depend on how wide a pointer is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_SESSION_H
#define DOGBERRY_SESSION_H

#include "dogberry.h"
#include "history.h"
#include "random.h"
#include "sampler.h"
#include "seam.h"
#include "stop.h"

/* Byte offsets from the start of the session; each a multiple of 16. */
typedef struct {
    uint32_t logits; /* int16 [V], factored: of the classes, then of the largest class's tokens */
    uint32_t heap;   /* uint16 [DOGBERRY_TOP_K_MAX] */
    uint32_t edited; /* factored: int16, of the largest class's tokens */
    uint32_t input;  /* int8 [E], padded with zeros; everything before it, from the logits on, is the layers' scratch */
    uint32_t fresh;  /* int8 [H]; transformer: of the larger of E and H */
    uint32_t shares; /* factored: uint32, of the classes */
    uint32_t layers; /* per layer: int8 [H] padded with zeros, int16 [H] */
    uint32_t layer_bytes;
    uint32_t stream; /* transformer, instead of layers: int16 [E] */
    uint32_t cache;  /* dogberry_context, then keys and values */
    uint32_t rows;   /* streamed: the row buffer */
    uint32_t total;
} dogberry_arena_map;

struct dogberry_session {
    union {
        const dogberry_image *image;
        uint64_t width; /* as wide on every machine */
    } model;
    union {
        const uint16_t *tokens;
        uint64_t width;
    } banned;
    union {
        const char *const *strings;
        uint64_t width;
    } stops;
    dogberry_arena_map map;
    dogberry_sampler sampler;
    dogberry_random random;
    uint32_t digest;
    int32_t highest; /* logit, while they are not stale; not of a factored output */
    dogberry_history history;
    dogberry_stop stop;
    dogberry_decoder decoder;
    uint8_t stale;  /* tokens were fed since the logits were computed */
    uint8_t broken; /* the image could not be read: nothing here means anything until a reset */
    uint8_t banned_count, stop_count;
    uint8_t unused[5];
};

#define DOGBERRY_SESSION_BYTES 416u

DOGBERRY_STATIC_ASSERT(sizeof(struct dogberry_session) == DOGBERRY_SESSION_BYTES, session_size);

#endif
