/*
 * Embedding, forward and backward.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/embedding.h"

void db_embedding_forward(size_t n, size_t width, const uint16_t *tokens, const real *table, const real *keep,
                          real *out)
{
    for (size_t i = 0; i < n; i++) {
        const real *row = table + tokens[i] * width;
        const real scale = keep != NULL ? keep[tokens[i]] : 1;
        for (size_t e = 0; e < width; e++) {
            out[i * width + e] = scale * row[e];
        }
    }
}

void db_embedding_backward(size_t n, size_t width, const uint16_t *tokens, const real *dout, const real *keep,
                           real *dtable)
{
    for (size_t i = 0; i < n; i++) {
        real *row = dtable + tokens[i] * width;
        const real scale = keep != NULL ? keep[tokens[i]] : 1;
        for (size_t e = 0; e < width; e++) {
            row[e] += scale * dout[i * width + e];
        }
    }
}
