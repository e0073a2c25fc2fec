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

/* Lines of a matrix: rows of int8, blocks of rows of int4. */
typedef struct {
    const void *weights;
    const uint8_t *group_scales; /* 4 bits only */
} matrix_lines;

static int fetch_lines(const dogberry_work *work, const dogberry_matrix *matrix, uint32_t first, uint32_t count,
                       matrix_lines *lines)
{
    uint32_t bytes = count * matrix->stride, scale_bytes = matrix->groups * DOGBERRY_I4_BLOCK;

    lines->weights =
        dogberry_fetch(work->rows.source, matrix->weights + first * matrix->stride, bytes, work->rows.room);
    lines->group_scales = dogberry_fetch(work->rows.source, matrix->group_scales + first * scale_bytes,
                                         count * scale_bytes, work->rows.room + bytes);
    return lines->weights != NULL && lines->group_scales != NULL ? DOGBERRY_OK : DOGBERRY_ERR_READ;
}

/* Sums of `count` lines, as many at a time as can be fetched. */
static int dot(const dogberry_work *work, int32_t *out, const dogberry_matrix *matrix, uint32_t first, uint32_t count,
               const int8_t *x)
{
    while (count > 0) {
        uint32_t at_once = dogberry_fit(&work->rows, matrix->stride + matrix->groups * DOGBERRY_I4_BLOCK, count);
        matrix_lines lines;

        if (dogberry_unread(fetch_lines(work, matrix, first, at_once, &lines)))
            return DOGBERRY_ERR_READ;
        if (dogberry_is_int4(matrix)) {
            work->kernels->matvec_i4(out, lines.weights, lines.group_scales, matrix->stride / 4u, at_once, x);
            out += at_once * DOGBERRY_I4_BLOCK;
        } else {
            work->kernels->matvec_i8(out, lines.weights, matrix->stride, at_once, x);
            out += at_once;
        }
        first += at_once;
        count -= at_once;
    }
    return DOGBERRY_OK;
}

/* What dogberry_rescale() needs; in memory dogberry_open() made sure of it. */
static int can_rescale(int32_t sum, uint32_t scale)
{
    uint32_t s = scale >> 16;

    return s >= DOGBERRY_SHIFT_MIN && s <= DOGBERRY_SHIFT_MAX &&
           (s > 16u || (sum <= (int32_t)1 << (s + 14u) && sum >= -((int32_t)1 << (s + 14u))));
}

/* out[r] = sums[r] in the units of the destination, plus bias. The sums may stand in `out`, or behind its start. */
static int rescale(const dogberry_work *work, int32_t *out, const int32_t *sums, uint32_t scales, uint32_t bias,
                   uint32_t count)
{
    int streamed = dogberry_is_streamed(work->rows.source);

    while (count > 0) {
        uint32_t rows = dogberry_fit(&work->rows, 6, count);
        const uint32_t *scale = dogberry_fetch(work->rows.source, scales, 4u * rows, work->rows.room);
        const int16_t *added = NULL;

        if (scale == NULL)
            return DOGBERRY_ERR_READ;
        if (bias != 0) {
            added = dogberry_fetch(work->rows.source, bias, 2u * rows, work->rows.room + 4u * rows);
            if (added == NULL)
                return DOGBERRY_ERR_READ;
            bias += 2u * rows;
        }
        for (const uint32_t *end = scale + rows; scale < end; scale++, sums++) {
            if (streamed && !can_rescale(*sums, *scale))
                return DOGBERRY_ERR_READ;
            *out++ = dogberry_rescale(*sums, *scale) + (added != NULL ? *added++ : 0);
        }
        scales += 4u * rows;
        count -= rows;
    }
    return DOGBERRY_OK;
}

/* Rows of int4 that do not begin or end with a block come with all the blocks they touch. */
int dogberry_project(const dogberry_work *work, int32_t *out, const dogberry_matrix *matrix, uint32_t bias,
                     uint32_t first, uint32_t count, const int8_t *x)
{
    uint32_t line = first, lines = count, skipped = 0;

    if (dogberry_is_int4(matrix)) {
        skipped = first % DOGBERRY_I4_BLOCK;
        line = first / DOGBERRY_I4_BLOCK;
        lines = (skipped + count + DOGBERRY_I4_BLOCK - 1u) / DOGBERRY_I4_BLOCK;
    }
    if (x != NULL && dogberry_unread(dot(work, out, matrix, line, lines, x)))
        return DOGBERRY_ERR_READ;
    return rescale(work, out, out + skipped, matrix->scales + 4u * first, bias, count);
}

uint32_t dogberry_units_at_once(const dogberry_work *work, uint32_t hidden)
{
    uint32_t run = hidden < RUN_LEAST ? hidden : RUN_LEAST;

    if (4u * hidden + run + DOGBERRY_PROJECT_SLACK <= work->words)
        return hidden;
    return (work->words - DOGBERRY_PROJECT_SLACK) / 5u & ~(DOGBERRY_I4_BLOCK - 1u);
}

int dogberry_add_product(const dogberry_work *work, uint32_t at, uint32_t used, const dogberry_matrix *matrix,
                         uint32_t first, uint32_t count, const int8_t *x)
{
    uint32_t fit = (work->words - used - DOGBERRY_PROJECT_SLACK), done = 0;
    int32_t *sums = work->scratch + at, *product = work->scratch + used;

    if (fit < count)
        fit &= ~(DOGBERRY_I4_BLOCK - 1u);
    while (done < count) {
        uint32_t rows = count - done < fit ? count - done : fit;
        int status = dogberry_project(work, product, matrix, 0, first + done, rows, x);

        if (dogberry_unread(status))
            return status;
        for (uint32_t r = 0; r < rows; r++)
            sums[done + r] += product[r];
        done += rows;
    }
    return DOGBERRY_OK;
}

/* Column c of a row in a block (4 bits), rescaled. */
static int32_t embedded(const dogberry_matrix *embeddings, const matrix_lines *line, uint32_t row, uint32_t scale,
                        uint32_t c)
{
    if (!dogberry_is_int4(embeddings))
        return dogberry_rescale(((const int8_t *)line->weights)[c], scale);
    int32_t weight = (int32_t)(((const uint32_t *)line->weights)[c] >> (4u * row) & 15u) - 8;

    return dogberry_rescale(line->group_scales[c / DOGBERRY_I4_GROUP * DOGBERRY_I4_BLOCK + row] * weight, scale);
}

int dogberry_embed(const dogberry_work *work, const dogberry_matrix *embeddings, uint32_t token, int8_t *x,
                   int16_t *wide)
{
    uint32_t at = dogberry_is_int4(embeddings) ? token / DOGBERRY_I4_BLOCK : token, room;
    const uint32_t *scale = dogberry_fetch(work->rows.source, embeddings->scales + 4u * token, 4, &room);
    matrix_lines line;

    if (scale == NULL || (DOGBERRY_HAS_STREAM && !can_rescale(0, *scale)) ||
        dogberry_unread(fetch_lines(work, embeddings, at, 1, &line)))
        return DOGBERRY_ERR_READ;
    for (uint32_t c = 0; c < embeddings->cols; c++) {
        int32_t value = embedded(embeddings, &line, token % DOGBERRY_I4_BLOCK, *scale, c);

        if (DOGBERRY_HAS_TRANSFORMER && wide != NULL)
            wide[c] = dogberry_saturate16(value);
        else
            x[c] = dogberry_saturate8(value);
    }
    return DOGBERRY_OK;
}

/* A run's sums stand at the end of the scratch, and each logit goes where all sums were read already: 4 bytes
 * are read for every 2 written. So the first run is as long as half of the logits and the rest, the next half
 * of that, and so on. Runs end where blocks of rows do, so that no block is read twice. */
int dogberry_dense(const dogberry_work *work, const dogberry_matrix *matrix, uint32_t bias, uint32_t first,
                   uint32_t count, const int8_t *x)
{
    int16_t *logits = (int16_t *)work->scratch;
    uint32_t done = 0;

    while (done < count) {
        uint32_t rows = count - done, fit = work->words - (done + 1u) / 2u - DOGBERRY_PROJECT_SLACK;

        if (rows > fit)
            rows = fit - (first + done + fit) % DOGBERRY_I4_BLOCK;
        int32_t *sums = work->scratch + (work->words - rows - DOGBERRY_PROJECT_SLACK);
        int status = dogberry_project(work, sums, matrix, bias + 2u * done, first + done, rows, x);

        if (dogberry_unread(status))
            return status;
        for (uint32_t r = 0; r < rows; r++)
            logits[done + r] = dogberry_saturate16(sums[r]);
        done += rows;
    }
    return DOGBERRY_OK;
}
