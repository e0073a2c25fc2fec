/*
 * UF2 files (https://github.com/microsoft/uf2): what the RP2040's and RP2350's boot drive
 * takes. Blocks of 512 bytes carry 256 bytes of flash each.
 *
 * Every part starts on a 4 KB flash sector and is padded with zeros to the end of its last
 * one: the RP2040's boot ROM erases by sector while it writes and goes wrong on parts of
 * sectors (RP2040 datasheet, erratum RP2040-E14).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_UF2_H
#define DB_BOARDS_UF2_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { DB_UF2_SECTOR = 4096, DB_UF2_PARTS_MAX = 16 };

/* A stretch of flash. */
typedef struct {
    uint32_t address; /* as the chip maps it, a multiple of DB_UF2_SECTOR */
    const uint8_t *bytes;
    size_t length;
} db_uf2_part;

/* Makes a UF2 file of `count` parts in rising order of address that do not share a sector.
 * The caller frees *bytes. Asserts on parts that break these rules. */
void db_uf2_make(const db_uf2_part *parts, size_t count, uint32_t family, uint8_t **bytes, size_t *length);

/* What a UF2 file writes. */
typedef struct {
    db_uf2_part parts[DB_UF2_PARTS_MAX]; /* stretches without a gap, rising, padding included */
    size_t count;
    uint32_t family;
    uint8_t *memory; /* what the parts point into */
} db_uf2;

/* Reads and checks a whole file: magic numbers, numbering, one family, whole sectors, rising
 * addresses. `where` starts messages. Free with db_uf2_free().
 * Returns 0, or -1 with the error set. */
int db_uf2_parse(db_uf2 *file, const uint8_t *bytes, size_t length, const char *where, db_error *error);

void db_uf2_free(db_uf2 *file);

#endif
