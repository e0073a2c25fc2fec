/*
 * AdamW, clipping, average.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/optimizer.h"

#include <math.h>

#include "base/memory.h"
#include "nn/vector.h"

enum { BLOCK = 16384, LANES = 16 };

size_t db_blocks_make(const db_layout *layout, db_block **blocks)
{
    size_t count = 0, capacity = 0;
    *blocks = NULL;
    for (size_t i = 0; i < layout->count; i++) {
        const db_tensor *tensor = &layout->tensors[i];
        const size_t elements = (size_t)tensor->rows * tensor->cols;
        for (size_t at = 0; at < elements; at += BLOCK) {
            *blocks = db_grow(*blocks, &capacity, count + 1, sizeof **blocks);
            const size_t left = elements - at;
            (*blocks)[count++] =
                (db_block){tensor->offset + at, (uint32_t)(left < BLOCK ? left : BLOCK), tensor->cols > 1};
        }
    }
    return count;
}

DB_VECTOR static void add(size_t count, const float *from, float *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] += from[i];
    }
}

/* In separate lanes, for the same order of additions on every instruction set. */
DB_VECTOR static double sum_squares(size_t count, const float *values)
{
    float lanes[LANES] = {0};
    double sum = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] += values[i + l] * values[i + l];
        }
    }
    for (; i < count; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    for (size_t l = 0; l < LANES; l++) {
        sum += (double)lanes[l];
    }
    return sum;
}

double db_gradient_gather(const db_block *block, float *const *shards, uint32_t count)
{
    float *sum = shards[0] + block->offset;
    for (uint32_t s = 1; s < count; s++) {
        add(block->count, shards[s] + block->offset, sum);
    }
    return sum_squares(block->count, sum);
}

db_adam_step db_adam_step_make(uint64_t step, double rate, double beta1, double beta2, double epsilon,
                               double weight_decay, double clip, double norm, double average)
{
    const double t = (double)step + 1;
    const double forget = fmin(average, (1 + (double)step) / (10 + (double)step));
    return (db_adam_step){
        .rate = (float)(rate / (1 - pow(beta1, t))),
        .shrink = (float)(1 - rate * weight_decay),
        .scale = (float)(clip > 0 && norm > clip ? clip / norm : 1),
        .beta1 = (float)beta1,
        .beta2 = (float)beta2,
        .correction = (float)(1 / (1 - pow(beta2, t))),
        .epsilon = (float)epsilon,
        .average = (float)(average > 0 ? 1 - forget : 0),
    };
}

DB_VECTOR static void update(const db_adam_step *step, size_t count, float shrink, const float *gradient,
                             float *restrict parameters, float *restrict first, float *restrict second)
{
    const db_adam_step s = *step;
    for (size_t i = 0; i < count; i++) {
        const float g = gradient[i] * s.scale;
        first[i] = s.beta1 * first[i] + (1 - s.beta1) * g;
        second[i] = s.beta2 * second[i] + (1 - s.beta2) * g * g;
        parameters[i] = shrink * parameters[i] - s.rate * first[i] / (sqrtf(second[i] * s.correction) + s.epsilon);
    }
}

DB_VECTOR static void move_average(size_t count, float share, const float *parameters, float *restrict average)
{
    for (size_t i = 0; i < count; i++) {
        average[i] += share * (parameters[i] - average[i]);
    }
}

void db_adam_update(const db_adam_step *step, const db_block *block, const float *gradient,
                    const db_adam_arrays *arrays)
{
    const size_t at = block->offset;
    update(step, block->count, block->decays ? step->shrink : 1, gradient + at, arrays->parameters + at,
           arrays->first + at, arrays->second + at);
    if (arrays->average != NULL) {
        move_average(block->count, step->average, arrays->parameters + at, arrays->average + at);
    }
}
