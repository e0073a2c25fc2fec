/*
 * A firmware binary as the planner and the exporter see it: the bytes that go to the start
 * of flash, and the figures that the firmware states about itself in its info block.
 *
 * The block lies on a 4-byte boundary in the first 4 KB of the binary, eight little-endian
 * words: "DOGF", version 1, model offset from the start of flash, bytes of the binary,
 * static RAM (data and bss, the arena included), arena bytes, stack bytes, 0.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_FIRMWARE_H
#define DB_BOARDS_FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct {
    uint32_t model_offset; /* where it looks for the image, from the start of flash */
    uint32_t flash_bytes;  /* of the binary */
    uint32_t ram_bytes;    /* static: data and bss, the arena included, the stack not */
    uint32_t arena_bytes;  /* what a session may take */
    uint32_t stack_bytes;  /* reserved for it */
    uint8_t *bytes;        /* the binary; NULL after db_firmware_parse() */
    size_t length;
} db_firmware;

/* Finds and checks the info block of a binary in memory; `where` starts messages.
 * Returns 0, or -1 with the error set. */
int db_firmware_parse(db_firmware *firmware, const void *bytes, size_t length, const char *where, db_error *error);

/* Reads a raw binary (.bin) and keeps its bytes; free with db_firmware_free(). */
int db_firmware_read(db_firmware *firmware, const char *path, db_error *error);

void db_firmware_free(db_firmware *firmware);

#endif
