/*
 * Board profiles: what a plan and an export need to know of a board.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_BOARDS_H
#define DB_BOARDS_BOARDS_H

#include <stdint.h>

/* What one token costs a core with a set of kernels, modelled: a sum over these. */
typedef struct {
    const char *kernels;         /* the set's name, as in dogberry_kernels */
    double cycles_per_weight_i8; /* of every matrix, padding too */
    double cycles_per_weight_i4;
    double cycles_per_row;   /* of the recurrent layers' matrices: rescaling, gates */
    double cycles_per_logit; /* rescaling, sampling */
    double cycles_per_token; /* the rest */
    const char *basis;       /* where the figures come from */
} db_core_cost;

typedef struct {
    const char *name;       /* as in --board */
    const char *title;      /* for people */
    uint32_t flash_bytes;   /* that a program and its model may take */
    uint32_t flash_address; /* where the chip maps it; 0: not mapped at a fixed place */
    uint32_t model_offset;  /* where the image lies, from the start of flash; the firmware comes before it */
    uint32_t ram_bytes;     /* inside the chip, usable for a program's data */
    uint32_t psram_bytes;   /* outside it, 0: none */
    uint32_t clock_hz;
    double flash_bandwidth; /* bytes/s of a run of weights as the firmware reads them; `flash_basis` says where that
                               comes from */
    double psram_bandwidth; /* the same of PSRAM; 0: none */
    const char *flash_basis;
    const db_core_cost *core;
    uint32_t uf2_family; /* 0: the board does not take UF2 files */
    const char *note;    /* what else to know before choosing it; NULL: nothing */
} db_board;

/* The boards, ending with one whose name is NULL. */
const db_board *db_boards(void);

/* Returns the board, or NULL. */
const db_board *db_board_find(const char *name);

#endif
