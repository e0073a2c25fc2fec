/*
 * Matrix products with 16-bit operands (bfloat16: a float without its low 16 bits) and float sums, on
 * CPUs that have instructions for them (AVX512-BF16): about twice as fast as in float.
 *
 * Both operands lie in memory as pairs along the dimension that is summed over, one pair in 32
 * bits. A *row* operand has its pairs one after another, row by row. A *panel* operand is cut into
 * panels of 32 columns: [panel][pair][32]; what lies beyond the last column or row is zero.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_BF16_H
#define DB_NN_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DB_BF16_PANEL = 32 };

/* Whether this CPU can run the functions below. */
bool db_bf16_available(void);

/* 32-bit words that a row operand of m rows and k columns takes. */
size_t db_bf16_rows_words(size_t m, size_t k);

/* 32-bit words that a panel operand of k rows (summed over) and n columns takes. */
size_t db_bf16_panels_words(size_t k, size_t n);

/* Rounds x [m][k] to a row operand. */
void db_bf16_pack_rows(size_t m, size_t k, const float *x, uint32_t *rows);

/* Rounds x [k][n], to be summed over k, to a panel operand. */
void db_bf16_pack_panels(size_t k, size_t n, const float *x, uint32_t *panels);

/* Rounds the transpose of x [n][k], to be summed over k, to a panel operand. */
void db_bf16_pack_panels_transposed(size_t n, size_t k, const float *x, uint32_t *panels);

/* What a product is added to. */
typedef enum { DB_BF16_ZERO, DB_BF16_ADD, DB_BF16_BIAS } db_bf16_start;

/* c [m][n] = start + rows [m][k] * panels [k][n]; `bias` [n] for DB_BF16_BIAS, else unused. */
void db_bf16_rows_panels(size_t m, size_t n, size_t k, const uint32_t *rows, const uint32_t *panels,
                         db_bf16_start start, const float *bias, float *c);

/* A part of an operand: its first word, and the words from row to row or from panel to panel. */
typedef struct {
    const uint32_t *words;
    size_t stride;
} db_bf16_part;

/* The same over `pairs` pairs of larger operands. */
void db_bf16_parts(size_t m, size_t n, size_t pairs, db_bf16_part rows, db_bf16_part panels, db_bf16_start start,
                   const float *bias, float *c);

/* c [m][n] = start + a^T [m][k] * b [k][n]: both are panel operands, a of m columns, b of n. */
void db_bf16_panels_panels(size_t m, size_t n, size_t k, const uint32_t *a, const uint32_t *b, db_bf16_start start,
                           float *c);

#endif
