/*
 * Matrix products in the units of their destination: the step that every layer shares,
 * the embedding, and the output layer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kinds.h"
#include "layers.h"
#include "rescale.h"

enum { RUN_LEAST = 64 };

uint32_t dogberry_scratch_words(uint32_t hidden)
{
    uint32_t run = hidden < RUN_LEAST ? hidden : RUN_LEAST, words = 5u * run + DOGBERRY_PROJECT_SLACK;

    return words > RUN_LEAST + DOGBERRY_PROJECT_SLACK ? words : RUN_LEAST + DOGBERRY_PROJECT_SLACK;
}

static const uint32_t *words_of(const dogberry_matrix *matrix, uint32_t block)
{
    return (const uint32_t *)(const void *)(matrix->weights + (size_t)block * matrix->stride);
}

/* Rows that need not begin or end with a block: sums of all the blocks they touch.
 * Returns how many sums stand before the first row's. */
static uint32_t dot_i4(const dogberry_kernels *kernels, int32_t *out, const dogberry_matrix *matrix, uint32_t first,
                       uint32_t count, const int8_t *x)
{
    uint32_t block = first / DOGBERRY_I4_BLOCK, skipped = first % DOGBERRY_I4_BLOCK;
    uint32_t blocks = (skipped + count + DOGBERRY_I4_BLOCK - 1u) / DOGBERRY_I4_BLOCK;
    const uint8_t *group_scales = matrix->group_scales + (size_t)block * matrix->groups * DOGBERRY_I4_BLOCK;

    kernels->matvec_i4(out, words_of(matrix, block), group_scales, matrix->stride / 4u, blocks, x);
    return skipped;
}

void dogberry_project(const dogberry_work *work, int32_t *out, const dogberry_matrix *matrix, const int16_t *bias,
                      uint32_t first, uint32_t count, const int8_t *x)
{
    const uint32_t *scales = matrix->scales + first;
    const int32_t *sums = out;

    if (dogberry_is_int4(matrix))
        sums += dot_i4(work->kernels, out, matrix, first, count, x);
    else
        work->kernels->matvec_i8(out, matrix->weights + (size_t)first * matrix->stride, matrix->stride, count, x);
    for (uint32_t r = 0; r < count; r++)
        out[r] = dogberry_rescale(sums[r], scales[r]) + (bias != NULL ? bias[r] : 0);
}

uint32_t dogberry_units_at_once(const dogberry_work *work, uint32_t hidden)
{
    uint32_t run = hidden < RUN_LEAST ? hidden : RUN_LEAST;

    if (4u * hidden + run + DOGBERRY_PROJECT_SLACK <= work->words)
        return hidden;
    return (work->words - DOGBERRY_PROJECT_SLACK) / 5u & ~(DOGBERRY_I4_BLOCK - 1u);
}

void dogberry_add_product(const dogberry_work *work, uint32_t at, uint32_t used, const dogberry_matrix *matrix,
                          uint32_t first, uint32_t count, const int8_t *x)
{
    uint32_t fit = (work->words - used - DOGBERRY_PROJECT_SLACK), done = 0;
    int32_t *sums = work->scratch + at, *product = work->scratch + used;

    if (fit < count)
        fit &= ~(DOGBERRY_I4_BLOCK - 1u);
    while (done < count) {
        uint32_t rows = count - done < fit ? count - done : fit;

        dogberry_project(work, product, matrix, NULL, first + done, rows, x);
        for (uint32_t r = 0; r < rows; r++)
            sums[done + r] += product[r];
        done += rows;
    }
}

/* Column c of a token's row, rescaled. */
static int32_t embedded(const dogberry_matrix *embeddings, uint32_t token, uint32_t c)
{
    uint32_t block = token / DOGBERRY_I4_BLOCK, row = token % DOGBERRY_I4_BLOCK, scale = embeddings->scales[token];

    if (!dogberry_is_int4(embeddings))
        return dogberry_rescale(embeddings->weights[(size_t)token * embeddings->stride + c], scale);
    const uint8_t *group_scales = embeddings->group_scales + (size_t)block * embeddings->groups * DOGBERRY_I4_BLOCK;
    int32_t weight = (int32_t)(words_of(embeddings, block)[c] >> (4u * row) & 15u) - 8;

    return dogberry_rescale(group_scales[c / DOGBERRY_I4_GROUP * DOGBERRY_I4_BLOCK + row] * weight, scale);
}

void dogberry_embed(const dogberry_matrix *embeddings, uint32_t token, int8_t *x)
{
    for (uint32_t c = 0; c < embeddings->cols; c++)
        x[c] = dogberry_saturate8(embedded(embeddings, token, c));
}

void dogberry_embed16(const dogberry_matrix *embeddings, uint32_t token, int16_t *x)
{
    for (uint32_t c = 0; c < embeddings->cols; c++)
        x[c] = dogberry_saturate16(embedded(embeddings, token, c));
}

/* A run's sums stand at the end of the scratch, and each logit goes where all sums were read already: 4 bytes
 * are read for every 2 written. So the first run is as long as half of the logits and the rest, the next half
 * of that, and so on. Runs end where blocks of rows do, so that no block is read twice. */
void dogberry_dense(const dogberry_work *work, const dogberry_matrix *matrix, const int16_t *bias, uint32_t first,
                    uint32_t count, const int8_t *x)
{
    int16_t *logits = (int16_t *)work->scratch;
    uint32_t done = 0;

    while (done < count) {
        uint32_t rows = count - done, fit = work->words - (done + 1u) / 2u - DOGBERRY_PROJECT_SLACK;

        if (rows > fit)
            rows = fit - (first + done + fit) % DOGBERRY_I4_BLOCK;
        int32_t *sums = work->scratch + (work->words - rows - DOGBERRY_PROJECT_SLACK);

        dogberry_project(work, sums, matrix, bias + done, first + done, rows, x);
        for (uint32_t r = 0; r < rows; r++)
            logits[done + r] = dogberry_saturate16(sums[r]);
        done += rows;
    }
}
