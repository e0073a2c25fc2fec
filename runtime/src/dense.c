/*
 * Matrix products in the units of their destination: the step that every layer shares,
 * the embedding, and the output layer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "layers.h"
#include "rescale.h"

void dogberry_project(int32_t *out, const dogberry_matrix *matrix, uint32_t first, uint32_t count, const int8_t *x)
{
    const uint32_t *scales = matrix->scales + first;

    dogberry_matvec_i8(out, matrix->weights + (size_t)first * matrix->stride, matrix->stride, count, x);
    for (uint32_t r = 0; r < count; r++)
        out[r] = dogberry_rescale(out[r], scales[r]);
}

void dogberry_embed(const dogberry_matrix *embeddings, uint32_t token, int8_t *x)
{
    const int8_t *row = embeddings->weights + (size_t)token * embeddings->stride;
    uint32_t scale = embeddings->scales[token];

    for (uint32_t c = 0; c < embeddings->cols; c++)
        x[c] = dogberry_saturate8(dogberry_rescale(row[c], scale));
}

void dogberry_dense(const dogberry_matrix *matrix, const int16_t *bias, const int8_t *x, int16_t *logits)
{
    for (uint32_t first = 0; first < matrix->rows; first += DOGBERRY_CHUNK) {
        uint32_t left = matrix->rows - first, count = left < DOGBERRY_CHUNK ? left : DOGBERRY_CHUNK;
        int32_t sums[DOGBERRY_CHUNK];

        dogberry_project(sums, matrix, first, count, x);
        for (uint32_t r = 0; r < count; r++)
            logits[first + r] = dogberry_saturate16(sums[r] + bias[first + r]);
    }
}
