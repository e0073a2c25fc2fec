/* SPDX-License-Identifier: MIT */
#include "pack/quantize_i4.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dogberry.h"
#include "pack/quantize.h"

enum { GROUP = DOGBERRY_I4_GROUP, BLOCK = DOGBERRY_I4_BLOCK, OFFSET = 8, COLUMN_ALIGNMENT = 16 };

/* The most that a row's group scales may add up to, times GROUP (docs/FORMAT.md). */
enum { SUM_MAX = 1 << 20, SCALE_MAX = 255 };

/* A row's only group could have any scale, beside that of the row. With 16 its sums are no longer than those of int8
 * would be, which some kernels rescale faster. */
enum { SCALE_ALONE = 16 };

/* Rounding with feedback leaves little to move: it settles after two or three. */
enum { REFINING_PASSES = 8 };

/* Steps that the fixed rule tries, in percent of the widest. */
enum { FIXED_LEAST = 60, FIXED_APART = 4 };

/* Its inverse is still a float. */
#define UNIT_LEAST 1e-35f

static uint32_t least_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t groups_of(uint32_t cols)
{
    return (cols + GROUP - 1) / GROUP;
}

/* The largest group scale of a row, with which its sum is bounded. */
static float largest_scale(uint32_t groups)
{
    assert(groups > 0);
    return groups == 1 ? SCALE_ALONE : (float)least_of(SCALE_MAX, SUM_MAX / GROUP / groups);
}

/* value * inverse to the nearest weight, halves up. */
static inline float to_weight(float value, float inverse)
{
    float units = value * inverse;
    units = units < DB_I4_LEAST ? DB_I4_LEAST : units > DB_I4_MOST ? DB_I4_MOST : units;
    return (float)((int)(units + (OFFSET + 0.5f)) - OFFSET);
}

/* ---- Choosing steps ---- */

/* The smallest step with which no value is off by more than half of it. */
static float widest_step(const float *values, uint32_t count)
{
    float high = 0, low = 0;
    for (uint32_t c = 0; c < count; c++) {
        high = values[c] > high ? values[c] : high;
        low = values[c] < low ? values[c] : low;
    }
    return fmaxf(high / (DB_I4_MOST + 0.5f), low / (DB_I4_LEAST - 0.5f));
}

/* Of some steps from the widest down, each fitted by least squares to the weights that it leads to, the one of the
 * least squared error; in floats, and in one order, as it is done for every weight in every step of training. */
static float fixed_step(const float *values, uint32_t count)
{
    const float widest = widest_step(values, count), inverse = 1 / fmaxf(widest, UNIT_LEAST);
    float chosen = 1, most_explained = 0;
    for (int percent = 100; percent >= FIXED_LEAST; percent -= FIXED_APART) {
        const float finer = 100 / (float)percent;
        float vq = 0, qq = 0;
        for (uint32_t c = 0; c < count; c++) {
            const float value = values[c] * inverse, q = to_weight(value, finer);
            vq += value * q;
            qq += q * q;
        }
        if (vq > 0 && vq * vq / qq > most_explained) {
            most_explained = vq * vq / qq;
            chosen = vq / qq;
        }
    }
    return widest * chosen;
}

/* The weights that `step` leads to, and the step that suits them best: with weights q fixed the error
 * sum a (v - s q)^2 is least at s = sum a v q / sum a q^2.
 * Returns how much of sum a v^2 is explained: larger is better. */
static double try_step(const float *values, uint32_t count, const double *importance, float step, double *best_step)
{
    double vq = 0, qq = 0;
    for (uint32_t c = 0; c < count; c++) {
        double q = (double)to_weight(values[c], 1 / step), a = importance ? importance[c] : 1;
        vq += a * (double)values[c] * q;
        qq += a * q * q;
    }
    if (!(qq > 0) || !(vq > 0))
        return 0;
    *best_step = vq / qq;
    return vq * vq / qq;
}

static float searched_step(const float *values, uint32_t count, const double *importance)
{
    float most = 0, chosen;
    double best = -1;
    for (uint32_t c = 0; c < count; c++)
        most = fmaxf(most, fabsf(values[c]));
    chosen = most = most / (DB_I4_MOST + 0.5f);
    for (int percent = 104; most >= UNIT_LEAST && percent >= 40; percent -= 2) {
        float step = most * ((float)percent / 100);
        double refined = (double)step, explained = try_step(values, count, importance, step, &refined);
        if (explained > best) {
            best = explained;
            chosen = (float)refined;
        }
    }
    return chosen;
}

/* ---- A row ---- */

typedef struct {
    float unit;                      /* a group's step is its scale times this; 0: a row of zeros */
    float scales[65536 / GROUP + 1]; /* [groups], integers */
} row_scales;

/* From steps [groups] in row->scales to whole multiples of a unit. Rows too small for floats count as zeros. */
static void round_steps(row_scales *row, uint32_t groups)
{
    const float limit = largest_scale(groups);
    float most = 0;
    for (uint32_t g = 0; g < groups; g++)
        most = fmaxf(most, row->scales[g]);
    row->unit = most / limit >= UNIT_LEAST ? most / limit : 0;
    for (uint32_t g = 0; g < groups; g++) {
        float scale = row->unit > 0 ? (float)(int)(row->scales[g] / row->unit + 0.5f) : 1;
        row->scales[g] = scale < 1 ? 1 : scale > limit ? limit : scale;
    }
}

static float inverse_step(const row_scales *row, uint32_t group)
{
    return row->unit > 0 ? 1 / (row->unit * row->scales[group]) : 0;
}

static void fixed_scales(row_scales *row, const float *values, uint32_t cols)
{
    const uint32_t groups = groups_of(cols);
    for (uint32_t g = 0; g < groups; g++)
        row->scales[g] = fixed_step(values + g * GROUP, least_of(cols - g * GROUP, GROUP));
    round_steps(row, groups);
}

static void searched_scales(row_scales *row, const float *values, uint32_t cols, const double *importance)
{
    const uint32_t groups = groups_of(cols);
    for (uint32_t g = 0; g < groups; g++)
        row->scales[g] = searched_step(values + g * GROUP, least_of(cols - g * GROUP, GROUP),
                                       importance ? importance + g * GROUP : NULL);
    round_steps(row, groups);
}

/* ---- Whole matrices ---- */

static void allocate(db_quantized_i4 *out, uint32_t rows, uint32_t cols)
{
    *out = (db_quantized_i4){.rows = rows,
                             .cols = cols,
                             .blocks = (rows + BLOCK - 1) / BLOCK,
                             .columns = (cols + COLUMN_ALIGNMENT - 1) / COLUMN_ALIGNMENT * COLUMN_ALIGNMENT,
                             .groups = groups_of(cols)};
    const size_t words = (size_t)out->blocks * out->columns;
    out->words = db_allocate(words * sizeof *out->words);
    for (size_t i = 0; i < words; i++)
        out->words[i] = 0x88888888u;
    out->group_scales = db_allocate((size_t)out->blocks * out->groups * BLOCK);
    out->steps = db_allocate(rows * sizeof *out->steps);
}

static uint8_t *group_scale_at(const db_quantized_i4 *matrix, uint32_t r, uint32_t group)
{
    return matrix->group_scales + ((size_t)(r / BLOCK) * matrix->groups + group) * BLOCK + r % BLOCK;
}

static void put_row(db_quantized_i4 *out, uint32_t r, const row_scales *row, const int8_t *weights, double step)
{
    uint32_t *words = out->words + (size_t)(r / BLOCK) * out->columns, shift = 4 * (r % BLOCK);
    for (uint32_t g = 0; g < out->groups; g++)
        *group_scale_at(out, r, g) = (uint8_t)row->scales[g];
    for (uint32_t c = 0; c < out->cols; c++)
        words[c] = (words[c] & ~(15u << shift)) | (uint32_t)(weights[c] + OFFSET) << shift;
    out->steps[r] = step;
}

/* ---- Rounding rows, scales given ---- */

static void round_to_nearest(int8_t *weights, const row_scales *row, const float *values, uint32_t cols)
{
    for (uint32_t c = 0; c < cols; c++)
        weights[c] = (int8_t)to_weight(values[c], inverse_step(row, c / GROUP));
}

/* Returns the row's unit, fitted once more to the integers: errors count `importance` times. */
static double fitted_unit(const int8_t *weights, const row_scales *row, const float *values, uint32_t cols,
                          const double *importance)
{
    double vq = 0, qq = 0;
    for (uint32_t c = 0; c < cols; c++) {
        double a = importance ? importance[c] : 1, q = (double)(row->scales[c / GROUP] * (float)weights[c]);
        vq += a * (double)values[c] * q;
        qq += a * q * q;
    }
    return vq > 0 && qq > 0 ? vq / qq : (double)row->unit;
}

/* What rounding a row with error feedback needs: [cols] each. */
typedef struct {
    double *steps, *scratch;
    int8_t *tried;
} feedback_room;

/* Tries several units around the row's own; each unit's integers are found with error feedback.
 * Returns the unit fitted to the weights with the least error. */
static double round_with_feedback(int8_t *weights, const row_scales *row, const float *values, const db_gptq *gptq,
                                  const feedback_room *room)
{
    double chosen = (double)row->unit, least = INFINITY;
    for (int percent = 85; percent <= 105; percent += 5) {
        const double unit = (double)row->unit * percent / 100;
        double missed;
        for (uint32_t c = 0; c < gptq->cols; c++)
            room->steps[c] = unit * (double)row->scales[c / GROUP];
        db_gptq_round(gptq, values, room->steps, DB_I4_LEAST, DB_I4_MOST, room->tried, room->scratch);
        db_gptq_refine(gptq, values, room->steps, DB_I4_LEAST, DB_I4_MOST, REFINING_PASSES, room->tried, room->scratch);
        const double factor = db_gptq_fit(gptq, values, room->steps, room->tried, &missed, room->scratch);
        if (missed < least) {
            least = missed;
            chosen = unit * factor;
            memcpy(weights, room->tried, gptq->cols);
        }
    }
    return chosen;
}

void db_quantize_i4_search(db_quantized_i4 *out, const float *values, uint32_t rows, uint32_t cols,
                           const double *importance)
{
    row_scales row;
    int8_t *weights = db_allocate(cols);
    allocate(out, rows, cols);
    for (uint32_t r = 0; r < rows; r++, values += cols) {
        searched_scales(&row, values, cols, importance);
        round_to_nearest(weights, &row, values, cols);
        put_row(out, r, &row, weights, fitted_unit(weights, &row, values, cols, importance));
    }
    free(weights);
}

/* Blocks of rows share words, so each is one thread's. */
static void feedback_block(db_quantized_i4 *out, uint32_t block, const float *values, const double *importance,
                           const db_gptq *gptq)
{
    const uint32_t cols = out->cols, end = least_of(out->rows, (block + 1) * BLOCK);
    row_scales row;
    int8_t *weights = db_allocate(2 * (size_t)cols);
    double *steps = db_allocate(2 * cols * sizeof *steps);
    const feedback_room room = {.steps = steps, .scratch = steps + cols, .tried = weights + cols};
    for (uint32_t r = block * BLOCK; r < end; r++) {
        const float *from = values + (size_t)r * cols;
        searched_scales(&row, from, cols, importance);
        put_row(out, r, &row, weights, round_with_feedback(weights, &row, from, gptq, &room));
    }
    free(weights);
    free(steps);
}

void db_quantize_i4_feedback(db_quantized_i4 *out, const float *values, uint32_t rows, const db_gptq *gptq)
{
    const uint32_t cols = gptq->cols;
    double *importance = db_allocate(cols * sizeof *importance);
    for (uint32_t c = 0; c < cols; c++)
        importance[c] = gptq->moments[(size_t)c * cols + c];
    allocate(out, rows, cols);
#pragma omp parallel for schedule(dynamic)
    for (uint32_t block = 0; block < out->blocks; block++)
        feedback_block(out, block, values, importance, gptq);
    free(importance);
}

void db_quantize_i4_fixed(db_quantized_i4 *out, const float *values, uint32_t rows, uint32_t cols)
{
    row_scales row;
    int8_t *weights = db_allocate(cols);
    allocate(out, rows, cols);
    for (uint32_t r = 0; r < rows; r++, values += cols) {
        fixed_scales(&row, values, cols);
        round_to_nearest(weights, &row, values, cols);
        put_row(out, r, &row, weights, (double)row.unit);
    }
    free(weights);
}

void db_round_i4_fixed(float *out, const float *values, uint32_t rows, uint32_t cols)
{
    row_scales row;
    for (uint32_t r = 0; r < rows; r++, values += cols, out += cols) {
        fixed_scales(&row, values, cols);
        for (uint32_t g = 0; g * GROUP < cols; g++) {
            const uint32_t end = least_of(cols, (g + 1) * GROUP);
            const float inverse = inverse_step(&row, g), step = row.unit * row.scales[g];
            for (uint32_t c = g * GROUP; c < end; c++)
                out[c] = step * to_weight(values[c], inverse);
        }
    }
}

void db_settle_i4_fixed(float *values, uint32_t rows, uint32_t cols, float most)
{
    row_scales row;
    for (uint32_t r = 0; r < rows; r++, values += cols) {
        fixed_scales(&row, values, cols);
        for (uint32_t c = 0; c < cols; c++) {
            const float inverse = inverse_step(&row, c / GROUP), step = row.unit * row.scales[c / GROUP];
            const float units = values[c] * inverse, share = fminf(2 * most * inverse, 1);
            if (units > DB_I4_LEAST && units < DB_I4_MOST)
                values[c] += share * (step * to_weight(values[c], inverse) - values[c]);
        }
    }
}

double db_quantized_i4_value(const db_quantized_i4 *matrix, uint32_t r, uint32_t c)
{
    uint32_t word = matrix->words[(size_t)(r / BLOCK) * matrix->columns + c];
    int weight = (int)(word >> 4 * (r % BLOCK) & 15u) - OFFSET, scale = *group_scale_at(matrix, r, c / GROUP);
    return matrix->steps[r] * scale * weight;
}

void db_dequantize_i4(float *out, const db_quantized_i4 *matrix)
{
    for (uint32_t r = 0; r < matrix->rows; r++)
        for (uint32_t c = 0; c < matrix->cols; c++)
            *out++ = (float)db_quantized_i4_value(matrix, r, c);
}

void db_quantized_i4_free(db_quantized_i4 *matrix)
{
    free(matrix->words);
    free(matrix->group_scales);
    free(matrix->steps);
    *matrix = (db_quantized_i4){0};
}

int db_scale_words_i4(const db_quantized_i4 *matrix, double factor, uint32_t *words, const char *what, db_error *error)
{
    for (uint32_t r = 0; r < matrix->rows; r++) {
        uint32_t sum = 0;
        for (uint32_t g = 0; g < matrix->groups; g++)
            sum += *group_scale_at(matrix, r, g);
        /* As many products of int8 as can add up to the largest sum of this row. */
        uint32_t terms = sum * GROUP / 16;
        if (db_scale_word(matrix->steps[r] * factor, terms, &words[r]) != 0)
            return db_fail(error,
                           "%s: row %u has weights too large for an image (one step is worth %g units of the sum); "
                           "train with weight decay or gradient clipping",
                           what, r, matrix->steps[r] * factor);
    }
    return 0;
}
