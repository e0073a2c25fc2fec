/*
 * What readers of other programs' checkpoints share: float32 weights in a row, and norms whose gain goes into the
 * matrices that read them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_FOREIGN_H
#define DB_INTEROP_FOREIGN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/* float32 numbers, little-endian, at any alignment. */
typedef struct {
    const uint8_t *bytes;
    size_t count;
} db_floats;

static inline float db_floats_at(const db_floats *floats, size_t at)
{
    float value;
    memcpy(&value, floats->bytes + at * sizeof value, sizeof value);
    return value;
}

/* Returns 0 where every number is finite, else -1 with the error set. `where` starts the message. */
int db_floats_check(const db_floats *floats, const char *where, db_error *error);

/* The same for the parameters that were made of them: products may leave what float32 holds. */
int db_folded_check(const float *parameters, size_t count, const char *where, db_error *error);

/* Reads a little-endian number of four bytes. Returns it. */
static inline uint32_t db_foreign_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

#endif
