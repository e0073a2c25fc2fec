/*
 * The embedding: a row of the table for each token.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_EMBEDDING_H
#define DB_NN_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

/* out [n][width] = table [V][width] at tokens [n]; each token < V. `keep` [V] scales whole rows,
 * NULL for none. */
void db_embedding_forward(size_t n, size_t width, const uint16_t *tokens, const real *table, const real *keep,
                          real *out);

/* dtable [V][width] += dout [n][width] at the tokens' rows, with the same `keep`. */
void db_embedding_backward(size_t n, size_t width, const uint16_t *tokens, const real *dout, const real *keep,
                           real *dtable);

#endif
