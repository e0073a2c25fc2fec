/*
 * Board profiles: what a plan and an export need to know of a board.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_BOARDS_H
#define DB_BOARDS_BOARDS_H

#include <stdint.h>

typedef struct {
    const char *name;       /* as in --board */
    const char *title;      /* for people */
    uint32_t flash_bytes;   /* fitted on the board */
    uint32_t flash_address; /* where the chip maps it; 0: not mapped at a fixed place */
    uint32_t model_offset;  /* where the image lies, from the start of flash; the firmware comes before it */
    uint32_t ram_bytes;     /* inside the chip */
    uint32_t psram_bytes;   /* outside it, 0: none */
    uint32_t clock_hz;
    uint32_t uf2_family; /* 0: the board does not take UF2 files */

    /* What one token costs the core, modelled: a sum over these. `basis` says where they come from. */
    double cycles_per_weight; /* of every matrix */
    double cycles_per_row;    /* of the recurrent layers' matrices: rescaling, gates */
    double cycles_per_logit;  /* rescaling, sampling */
    double cycles_per_token;  /* the rest */
    const char *basis;
} db_board;

/* The boards, ending with one whose name is NULL. */
const db_board *db_boards(void);

/* Returns the board, or NULL. */
const db_board *db_board_find(const char *name);

#endif
