/*
 * Transposition of matrices that lie within others.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_TRANSPOSE_H
#define DB_NN_TRANSPOSE_H

#include <stddef.h>

#include "nn/real.h"

/* to [columns][rows] = from [rows][columns], transposed; the strides are those from row to row, in reals. Nothing may
 * overlap. */
void db_transpose(size_t rows, size_t columns, const real *from, size_t from_stride, real *to, size_t to_stride);

#endif
