/*
 * What an image needs on a board, to the byte, and about how fast it will be.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_PLAN_H
#define DB_BOARDS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "boards/boards.h"
#include "boards/cost.h"
#include "boards/firmware.h"
#include "dogberry.h"

typedef struct {
    const db_board *board;
    bool has_firmware; /* the firmware's own figures are known (else they are 0) */

    uint32_t model_offset; /* where the image starts in flash */
    uint32_t firmware_bytes;
    uint32_t image_bytes;
    uint64_t flash_end;   /* model_offset + image_bytes: what the flash must hold */
    uint32_t flash_bytes; /* what the board has */

    size_t session_bytes;  /* dogberry_session_bytes(), what the device's arena must hold */
    uint32_t arena_bytes;  /* what the firmware has set aside for it */
    uint32_t static_bytes; /* the firmware's static RAM without its arena */
    uint32_t stack_bytes;
    uint64_t ram_needed; /* static + stack + session */
    uint32_t ram_bytes;  /* what the chip has */

    /* Modelled from the board's figures, not measured; see core->basis and flash_basis. */
    db_token_cost cost;
    double cycles_per_token;
    double core_seconds, flash_seconds; /* of one token: computing, and reading the image from flash */
    double tokens_per_second;           /* where the two run side by side: the larger counts */
    double tokens_per_second_least;     /* where the core waits for every read: their sum counts */

    /* From a copy in PSRAM, where there is some and the image fits; else 0. */
    double psram_seconds, psram_tokens_per_second, psram_tokens_per_second_least;
    bool copy_to_psram; /* that is the faster memory: what firmware/esp32s3 does then */

    bool fits;
    char verdict[256]; /* one line: fits with what to spare, or what does not fit and by how much */
    char advice[512];  /* one line: what to do; empty when it fits */
} db_plan;

/* Plans an opened image, or a shape (boards/shape.h), on a board. `firmware` may be NULL: then only flash region,
 * session and chip are compared, and the plan says that it does not know the rest. Never fails. */
void db_plan_make(db_plan *plan, const dogberry_image *image, const db_board *board, const db_firmware *firmware);

#endif
