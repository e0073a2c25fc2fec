/*
 * Matrix products in the units of their destination: the step that every layer shares,
 * the embedding, and the output layer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "layers.h"
#include "rescale.h"

DOGBERRY_STATIC_ASSERT(DOGBERRY_CHUNK % DOGBERRY_I4_BLOCK == 0, chunks_are_whole_blocks);

static const uint32_t *words_of(const dogberry_matrix *matrix, uint32_t block)
{
    return (const uint32_t *)(const void *)(matrix->weights + (size_t)block * matrix->stride);
}

/* Rows that need not begin or end with a block: all the blocks they touch, at most one more than a chunk. */
static void dot_i4(const dogberry_kernels *kernels, int32_t *out, const dogberry_matrix *matrix, uint32_t first,
                   uint32_t count, const int8_t *x)
{
    uint32_t block = first / DOGBERRY_I4_BLOCK, skipped = first % DOGBERRY_I4_BLOCK;
    uint32_t blocks = (skipped + count + DOGBERRY_I4_BLOCK - 1u) / DOGBERRY_I4_BLOCK;
    const uint8_t *group_scales = matrix->group_scales + (size_t)block * matrix->groups * DOGBERRY_I4_BLOCK;
    int32_t sums[DOGBERRY_CHUNK + DOGBERRY_I4_BLOCK];

    kernels->matvec_i4(sums, words_of(matrix, block), group_scales, matrix->stride / 4u, blocks, x);
    dogberry_copy(out, sums + skipped, count * sizeof *out);
}

void dogberry_project(const dogberry_kernels *kernels, int32_t *out, const dogberry_matrix *matrix, uint32_t first,
                      uint32_t count, const int8_t *x)
{
    const uint32_t *scales = matrix->scales + first;

    if (matrix->bits == 4u)
        dot_i4(kernels, out, matrix, first, count, x);
    else
        kernels->matvec_i8(out, matrix->weights + (size_t)first * matrix->stride, matrix->stride, count, x);
    for (uint32_t r = 0; r < count; r++)
        out[r] = dogberry_rescale(out[r], scales[r]);
}

static void embed_i4(const dogberry_matrix *embeddings, uint32_t token, int8_t *x)
{
    uint32_t block = token / DOGBERRY_I4_BLOCK, row = token % DOGBERRY_I4_BLOCK, scale = embeddings->scales[token];
    const uint32_t *words = words_of(embeddings, block);
    const uint8_t *group_scales = embeddings->group_scales + (size_t)block * embeddings->groups * DOGBERRY_I4_BLOCK;

    for (uint32_t c = 0; c < embeddings->cols; c++) {
        int32_t weight = (int32_t)(words[c] >> (4u * row) & 15u) - 8;
        int32_t group_scale = group_scales[c / DOGBERRY_I4_GROUP * DOGBERRY_I4_BLOCK + row];

        x[c] = dogberry_saturate8(dogberry_rescale(group_scale * weight, scale));
    }
}

void dogberry_embed(const dogberry_matrix *embeddings, uint32_t token, int8_t *x)
{
    if (embeddings->bits == 4u) {
        embed_i4(embeddings, token, x);
        return;
    }
    const int8_t *row = embeddings->weights + (size_t)token * embeddings->stride;
    uint32_t scale = embeddings->scales[token];

    for (uint32_t c = 0; c < embeddings->cols; c++)
        x[c] = dogberry_saturate8(dogberry_rescale(row[c], scale));
}

/* Chunks end where blocks of rows do, so that no block is read twice. */
void dogberry_dense(const dogberry_kernels *kernels, const dogberry_matrix *matrix, const int16_t *bias, uint32_t first,
                    uint32_t count, const int8_t *x, int16_t *logits)
{
    uint32_t row = first, end = first + count;

    while (row < end) {
        uint32_t stop = row - row % DOGBERRY_CHUNK + DOGBERRY_CHUNK, rows = (stop < end ? stop : end) - row;
        int32_t sums[DOGBERRY_CHUNK];

        dogberry_project(kernels, sums, matrix, row, rows, x);
        for (uint32_t r = 0; r < rows; r++)
            *logits++ = dogberry_saturate16(sums[r] + bias[row + r]);
        row += rows;
    }
}
