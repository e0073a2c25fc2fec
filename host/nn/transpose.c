/*
 * Transposition, four by four.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/transpose.h"

#include <stdint.h>
#include <string.h>

enum { FOUR = 4, TILE = 16 };

typedef real four __attribute__((vector_size(FOUR * sizeof(real))));

#ifdef __clang__
#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#ifdef DB_REAL_DOUBLE
typedef int64_t place;
#else
typedef int32_t place;
#endif
typedef place four_places __attribute__((vector_size(FOUR * sizeof(place))));
#define PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, (four_places){i, j, k, l})
#endif

static inline void four_by_four(const real *from, size_t from_stride, real *to, size_t to_stride)
{
    four in[FOUR], out[FOUR];
    for (size_t i = 0; i < FOUR; i++) {
        memcpy(&in[i], from + i * from_stride, sizeof in[i]);
    }
    const four low = PICK(in[0], in[1], 0, 4, 1, 5), high = PICK(in[0], in[1], 2, 6, 3, 7);
    const four low_below = PICK(in[2], in[3], 0, 4, 1, 5), high_below = PICK(in[2], in[3], 2, 6, 3, 7);
    out[0] = PICK(low, low_below, 0, 1, 4, 5);
    out[1] = PICK(low, low_below, 2, 3, 6, 7);
    out[2] = PICK(high, high_below, 0, 1, 4, 5);
    out[3] = PICK(high, high_below, 2, 3, 6, 7);
    for (size_t i = 0; i < FOUR; i++) {
        memcpy(to + i * to_stride, &out[i], sizeof out[i]);
    }
}

static void one_by_one(size_t rows, size_t columns, const real *from, size_t from_stride, real *to, size_t to_stride)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            to[j * to_stride + i] = from[i * from_stride + j];
        }
    }
}

/* At most TILE by TILE: a cache line of every row, there and here. */
static void tile(size_t rows, size_t columns, const real *from, size_t from_stride, real *to, size_t to_stride)
{
    const size_t whole_rows = rows - rows % FOUR, whole_columns = columns - columns % FOUR;
    for (size_t j = 0; j < whole_columns; j += FOUR) {
        for (size_t i = 0; i < whole_rows; i += FOUR) {
            four_by_four(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
        }
    }
    one_by_one(whole_rows, columns - whole_columns, from + whole_columns, from_stride, to + whole_columns * to_stride,
               to_stride);
    one_by_one(rows - whole_rows, columns, from + whole_rows * from_stride, from_stride, to + whole_rows, to_stride);
}

void db_transpose(size_t rows, size_t columns, const real *from, size_t from_stride, real *to, size_t to_stride)
{
    for (size_t i = 0; i < rows; i += TILE) {
        const size_t high = rows - i < TILE ? rows - i : TILE;
        for (size_t j = 0; j < columns; j += TILE) {
            tile(high, columns - j < TILE ? columns - j : TILE, from + i * from_stride + j, from_stride,
                 to + j * to_stride + i, to_stride);
        }
    }
}
