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

/* Sums that are worth sharing where all that is left to do is rescaling them. */
enum { SHARED_SUMS_LEAST = 20 };

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

/* logits = values, saturated. Returns the highest. Not inlined: the loop needs all registers. */
DOGBERRY_APART static int32_t narrow(int16_t *logits, const int32_t *values, uint32_t count)
{
    int32_t highest = INT16_MIN;

    DOGBERRY_UNROLL(4)
    for (const int32_t *end = values + count; values < end; values++) {
        int32_t logit = dogberry_saturate16(*values);

        *logits++ = (int16_t)logit;
        if (DOGBERRY_SELDOM(logit > highest))
            highest = logit;
    }
    return highest;
}

/* Rows of int4 that do not begin or end with a block come with all the blocks they touch. Not inlined: where rows are
 * shared it is not needed, but its registers would be saved. */
__attribute__((noinline)) static int project(const dogberry_work *work, dogberry_product *p)
{
    const dogberry_matrix *matrix = p->matrix;
    uint32_t line = p->first, lines = p->count, skipped = 0;

    if (dogberry_is_int4(matrix)) {
        skipped = p->first % DOGBERRY_I4_BLOCK;
        line = p->first / DOGBERRY_I4_BLOCK;
        lines = (skipped + p->count + DOGBERRY_I4_BLOCK - 1u) / DOGBERRY_I4_BLOCK;
    }
    if ((p->x != NULL && dogberry_unread(dot(work, p->out, matrix, line, lines, p->x))) ||
        dogberry_unread(rescale(work, p->out, p->out + skipped, matrix->scales + 4u * p->first, p->bias, p->count)))
        return DOGBERRY_ERR_READ;
    if (p->logits != NULL)
        p->highest = narrow(p->logits, p->out, p->count);
    return DOGBERRY_OK;
}

/* A product of what is in memory, whose rows are shared in units of 2^log, as many as kernels take at a time. */
typedef struct {
    const dogberry_kernels *kernels;
    const dogberry_product *product;
    const uint8_t *weights, *group_scales; /* of the first unit; group_scales: 4 bits only, else NULL */
    const uint32_t *scales;
    const int16_t *bias; /* or NULL */
    uint32_t unit_bytes, unit_scales, log;
    int32_t highest[DOGBERRY_PARTS_MAX];
} shared_product;

static void project_some(void *context, uint32_t first, uint32_t items, uint32_t part)
{
    shared_product *s = context;
    const dogberry_product *p = s->product;
    uint32_t from = first << s->log, left = p->count - from, rows = items << s->log, stride = p->matrix->stride;
    const uint8_t *weights = s->weights + first * s->unit_bytes;
    int32_t *out = p->out + from;

    if (rows > left)
        rows = left;
    if (p->x != NULL && s->group_scales != NULL)
        s->kernels->matvec_i4(out, (const uint32_t *)(const void *)weights, s->group_scales + first * s->unit_scales,
                              stride / 4u, items, p->x);
    else if (p->x != NULL)
        s->kernels->matvec_i8(out, (const int8_t *)weights, stride, rows, p->x);
    s->kernels->rescale(out, out, s->scales + from, s->bias != NULL ? s->bias + from : NULL, rows);
    if (p->logits != NULL)
        s->highest[part] = narrow(p->logits + from, out, rows);
}

/* Not inlined: then what it needs is on the stack only where rows are shared. */
__attribute__((noinline)) static void share_project(const dogberry_work *work, dogberry_product *p)
{
    const uint8_t *bytes = work->rows.source->bytes;
    const dogberry_matrix *matrix = p->matrix;
    uint32_t units = (p->count + 3u) / 4u, unit = p->first / 4u;
    shared_product s; /* field by field, as compilers fill a whole one with zeros first */

    s.kernels = work->kernels;
    s.product = p;
    s.scales = (const uint32_t *)(const void *)(bytes + matrix->scales) + p->first;
    s.bias = p->bias != 0 ? (const int16_t *)(const void *)(bytes + p->bias) : NULL;
    s.unit_bytes = 4u * matrix->stride;
    s.group_scales = NULL;
    s.log = 2;
    s.highest[0] = s.highest[1] = INT16_MIN;
    if (dogberry_is_int4(matrix)) {
        units = (p->count + DOGBERRY_I4_BLOCK - 1u) / DOGBERRY_I4_BLOCK;
        unit = p->first / DOGBERRY_I4_BLOCK;
        s.unit_bytes = matrix->stride;
        s.unit_scales = matrix->groups * DOGBERRY_I4_BLOCK;
        s.group_scales = bytes + matrix->group_scales + unit * s.unit_scales;
        s.log = 3;
    }
    s.weights = bytes + matrix->weights + unit * s.unit_bytes;
    work->kernels->share(project_some, &s, units, s.weights, p->x != NULL ? units * s.unit_bytes : 0);
    p->highest = s.highest[0] > s.highest[1] ? s.highest[0] : s.highest[1];
}

int dogberry_project(const dogberry_work *work, dogberry_product *p)
{
    if (!dogberry_shares(work->kernels) || p->first % DOGBERRY_I4_BLOCK != 0 ||
        (p->x == NULL && p->count < SHARED_SUMS_LEAST) || dogberry_is_streamed(work->rows.source))
        return project(work, p);
    share_project(work, p);
    return DOGBERRY_OK;
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
        dogberry_product added = {matrix, first, rows, 0, x, product, NULL, 0};

        if (dogberry_unread(dogberry_project(work, &added)))
            return DOGBERRY_ERR_READ;
        for (uint32_t r = 0; r < rows; r++)
            *sums++ += product[r];
        first += rows;
        count -= rows;
    }
    return DOGBERRY_OK;
}

/* Column c of a row in a block of 4 bits. At most 2^11 in size. */
static int32_t embedded_i4(const matrix_lines *line, uint32_t row, uint32_t c)
{
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
    const int8_t *weights = dogberry_is_int4(embeddings) ? NULL : line.weights;
    int32_t m = (int32_t)(*scale & 0x7FFFu);
    uint32_t shift = *scale >> 16, cols = embeddings->cols;

    /* Products are less than 2^26, so that from 31 on every shift gives 0. */
    if (shift > 31u)
        shift = 31u;
    for (uint32_t c = 0; c < cols; c++) {
        int32_t weight = weights != NULL ? weights[c] : embedded_i4(&line, token % DOGBERRY_I4_BLOCK, c);
        int32_t value = dogberry_round_shift(weight * m, shift);

        if (DOGBERRY_HAS_TRANSFORMER && wide != NULL)
            wide[c] = dogberry_saturate16(value);
        else
            x[c] = dogberry_saturate8(value);
    }
    return DOGBERRY_OK;
}

/* A run's sums stand at the end of the scratch, and each logit goes where all sums were read already: 4 bytes are read
 * for every 2 written. So the first run is as long as half of the logits and the rest, the next half of that, and so
 * on. Where parts may go on at the same time, all sums stand behind all logits up to the run's last. Runs end where
 * blocks of rows do, so that no block is read twice. */
int dogberry_dense(const dogberry_work *work, const dogberry_matrix *matrix, uint32_t bias, uint32_t first,
                   uint32_t count, const int8_t *x, int32_t *highest)
{
    uint32_t words = work->words - DOGBERRY_PROJECT_SLACK, done = 0;

    *highest = INT16_MIN;
    while (done < count) {
        uint32_t rows = count - done, fit = words - (done + 1u) / 2u;

        if (dogberry_shares(work->kernels) && 3u * rows > 2u * (fit - 1u)) /* mostly they fit, without a division */
            fit = (fit - 1u) * 2u / 3u;
        if (rows > fit)
            rows = fit - (first + done + fit) % DOGBERRY_I4_BLOCK;
        dogberry_product run = {matrix,
                                first + done,
                                rows,
                                bias + 2u * done,
                                x,
                                work->scratch + (words - rows),
                                (int16_t *)(void *)work->scratch + done,
                                0};

        if (dogberry_unread(dogberry_project(work, &run)))
            return DOGBERRY_ERR_READ;
        if (run.highest > *highest)
            *highest = run.highest;
        done += rows;
    }
    return DOGBERRY_OK;
}
