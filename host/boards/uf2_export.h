/*
 * UF2 files of firmware and models: what a board with a boot drive is flashed with.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_UF2_EXPORT_H
#define DB_BOARDS_UF2_EXPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "boards/boards.h"
#include "boards/firmware.h"
#include "dogberry.h"

/* Makes the UF2 file that puts `count` (> 0) opened images, with the bytes they were opened from, into a board's
 * store: one after another from slot `slot` on, a slot being DOGBERRY_STORE_ALIGNMENT bytes. With `firmware`, that
 * too; where it is NULL the models alone, and nothing but their slots is written. The caller frees *bytes.
 * Returns 0, or -1 with the error set: the board takes no UF2, two images have one name, or one does not
 * fit (with the numbers). */
int db_export_uf2(const dogberry_image *const *images, size_t count, uint32_t slot, const db_board *board,
                  const db_firmware *firmware, uint8_t **bytes, size_t *length, db_error *error);

/* Slots that an image of that many bytes takes. Never fails. */
uint32_t db_slots(size_t bytes);

/* The first slot of the board's store behind all that an earlier UF2 file (`bytes`, `length`) writes into it;
 * `where` starts messages. Returns it in *slot and 0, or -1 with the error set: the file is damaged, for another
 * board, or writes no store. */
int db_uf2_next_slot(const uint8_t *bytes, size_t length, const db_board *board, const char *where, uint32_t *slot,
                     db_error *error);

#endif
