/*
 * What one token costs: multiplications, and bytes read from the image. Both follow from the image's shape.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_COST_H
#define DB_BOARDS_COST_H

#include <stdint.h>

#include "boards/boards.h"
#include "dogberry.h"

typedef struct {
    uint64_t
        weights; /* that take part: one embedding row, every matrix whole (class-factored: as logits), no padding */
    uint64_t weights_i8; /* multiplied, padding too */
    uint64_t weights_i4;
    uint64_t rows;        /* of the recurrent layers' matrices */
    uint64_t logits;      /* computed; class-factored: the classes and the largest class */
    uint64_t image_bytes; /* read from the image: weights, scales, biases, one embedding row */
    uint64_t input_bytes; /* of vectors that the products read from RAM: once a row, with 4 bits once a block of rows */
} db_token_cost;

/* Only the shape of `image` is read: sizes and matrices, not their contents. Never fails. */
db_token_cost db_token_cost_of(const dogberry_image *image);

/* Modelled, of one token: cycles of the core; seconds of it; seconds that the image's bytes take from flash. */
double db_cost_cycles(const db_token_cost *cost, const db_core_cost *core);
double db_cost_core_seconds(const db_token_cost *cost, const db_board *board);
double db_cost_flash_seconds(const db_token_cost *cost, const db_board *board);

/* Seconds that they take from a copy in PSRAM; 0 where the board has none. */
double db_cost_psram_seconds(const db_token_cost *cost, const db_board *board);

/* Bytes that `rows` rows of a matrix take in an image, in whole blocks where they come so: weights and scales. By
 * column: all rows. */
uint64_t db_rows_bytes(const dogberry_matrix *matrix, uint32_t rows);

#endif
