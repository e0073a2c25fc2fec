/*
 * Matrix products in the units of their destination: the step that every layer shares,
 * the embedding, and the output layer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "image.h"
#include "kinds.h"
#include "layers.h"
#include "rescale.h"

enum { RUN_LEAST = 64 };

uint32_t dogberry_scratch_words(uint32_t hidden)
{
    uint32_t words = 5u * (hidden < RUN_LEAST ? hidden : RUN_LEAST);

    return (words > RUN_LEAST ? words : RUN_LEAST) + DOGBERRY_PROJECT_SLACK;
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

/* What the kernel needs: a scale for at least as many products of 2^14 as the sum is whole ones. (For a part of one
 * more there is room.) In memory dogberry_open() made sure of it. */
static int can_rescale(int32_t sum, uint32_t scale)
{
    return dogberry_scale_is_valid(scale, (uint32_t)(sum < 0 ? ~sum : sum) >> 14);
}

/* out[r] = sums[r] in the units of the destination, plus bias. The sums may stand in `out`, or behind its start. */
static int rescale(const dogberry_work *work, int32_t *out, const int32_t *sums, uint32_t scales, uint32_t bias,
                   uint32_t count)
{
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
        for (uint32_t r = 0; dogberry_is_streamed(work->rows.source) && r < rows; r++) {
            if (!can_rescale(sums[r], scale[r]))
                return DOGBERRY_ERR_READ;
        }
        work->kernels->rescale(out, sums, scale, added, rows);
        out += rows;
        sums += rows;
        scales += 4u * rows;
        count -= rows;
    }
    return DOGBERRY_OK;
}

/* Rows of int4 that do not begin or end with a block come with all the blocks they touch. */
static int project(const dogberry_work *work, int32_t *out, const dogberry_matrix *matrix, uint32_t bias,
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

/* A product whose rows are shared by 2^log of them, as many as kernels take at a time. */
typedef struct {
    const dogberry_work *work;
    int32_t *out;
    const dogberry_matrix *matrix;
    uint32_t bias, first, count, log;
    const int8_t *x;
} shared_product;

/* Not of a streamed image, so this does not fail. */
static void project_some(void *context, uint32_t first, uint32_t items, uint32_t part)
{
    const shared_product *p = context;
    uint32_t from = first << p->log, left = p->count - from, rows = items << p->log;

    (void)part;
    (void)project(p->work, p->out + from, p->matrix, p->bias != 0 ? p->bias + 2u * from : 0, p->first + from,
                  rows < left ? rows : left, p->x);
}

/* Not inlined: then what it needs is on the stack only where it is called. */
__attribute__((noinline)) static int share_project(const dogberry_work *work, int32_t *out,
                                                   const dogberry_matrix *matrix, uint32_t bias, uint32_t first,
                                                   uint32_t count, const int8_t *x)
{
    uint32_t log = dogberry_is_int4(matrix) ? 3u : 2u, units = (count + (1u << log) - 1u) >> log;
    shared_product whole = {work, out, matrix, bias, first, count, log, x};

    if (dogberry_is_int4(matrix))
        count = units;
    work->kernels->share(project_some, &whole, units, work->rows.source->bytes + matrix->weights,
                         x != NULL ? count * matrix->stride : 0);
    return DOGBERRY_OK;
}

int dogberry_project(const dogberry_work *work, int32_t *out, const dogberry_matrix *matrix, uint32_t bias,
                     uint32_t first, uint32_t count, const int8_t *x)
{
    if (dogberry_shares(work->kernels) && first % DOGBERRY_I4_BLOCK == 0 && !dogberry_is_streamed(work->rows.source))
        return share_project(work, out, matrix, bias, first, count, x);
    return project(work, out, matrix, bias, first, count, x);
}

uint32_t dogberry_units_at_once(const dogberry_work *work, uint32_t hidden)
{
    uint32_t run = hidden < RUN_LEAST ? hidden : RUN_LEAST, words = work->words - DOGBERRY_PROJECT_SLACK;

    return 4u * hidden + run <= words ? hidden : words / 5u & ~(DOGBERRY_I4_BLOCK - 1u);
}

int dogberry_add_product(const dogberry_work *work, uint32_t at, uint32_t used, const dogberry_matrix *matrix,
                         uint32_t first, uint32_t count, const int8_t *x)
{
    uint32_t fit = work->words - used - DOGBERRY_PROJECT_SLACK;
    int32_t *sums = work->scratch + at, *product = work->scratch + used;

    if (fit < count)
        fit &= ~(DOGBERRY_I4_BLOCK - 1u);
    while (count > 0) {
        uint32_t rows = count < fit ? count : fit;
        int status = dogberry_project(work, product, matrix, 0, first, rows, x);

        if (dogberry_unread(status))
            return status;
        for (uint32_t r = 0; r < rows; r++)
            *sums++ += product[r];
        first += rows;
        count -= rows;
    }
    return DOGBERRY_OK;
}

/* Column c of a row in a block (4 bits). */
static int32_t embedded(const dogberry_matrix *embeddings, const matrix_lines *line, uint32_t row, uint32_t c)
{
    if (!dogberry_is_int4(embeddings))
        return ((const int8_t *)line->weights)[c];
    int32_t weight = (int32_t)(((const uint32_t *)line->weights)[c] >> (4u * row) & 15u) - 8;

    return line->group_scales[c / DOGBERRY_I4_GROUP * DOGBERRY_I4_BLOCK + row] * weight;
}

int dogberry_embed(const dogberry_work *work, const dogberry_matrix *embeddings, uint32_t token, int8_t *x,
                   int16_t *wide)
{
    uint32_t at = token, room;
    const uint32_t *scale = dogberry_fetch(work->rows.source, embeddings->scales + 4u * token, 4, &room);
    matrix_lines line;

    if (dogberry_is_int4(embeddings))
        at /= DOGBERRY_I4_BLOCK;
    if (scale == NULL || (DOGBERRY_HAS_STREAM && !can_rescale(0, *scale)) ||
        dogberry_unread(fetch_lines(work, embeddings, at, 1, &line)))
        return DOGBERRY_ERR_READ;
    for (uint32_t c = 0; c < embeddings->cols; c++) {
        int32_t value = dogberry_rescale(embedded(embeddings, &line, token % DOGBERRY_I4_BLOCK, c), *scale);

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
        int16_t *logit = logits + done;

        DOGBERRY_UNROLL(4)
        for (const int32_t *end = sums + rows; sums < end; sums++)
            *logit++ = dogberry_saturate16(*sums);
        done += rows;
    }
    return DOGBERRY_OK;
}
