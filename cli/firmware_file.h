/*
 * The firmware binaries that were built beside this program.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FIRMWARE_FILE_H
#define CLI_FIRMWARE_FILE_H

#include "boards/boards.h"
#include "boards/firmware.h"

/* Reads `path`, or where it is NULL the binary "firmware/BOARD.bin" beside the running program.
 * Returns 0, or -1 with the error set. */
int cli_firmware_read(db_firmware *firmware, const char *path, const db_board *board, db_error *error);

/* Finds the board of --board. Returns it, or NULL with the error set, naming the boards there are. */
const db_board *cli_board_find(const char *name, db_error *error);

#endif
