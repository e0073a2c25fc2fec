/*
 * From the shards' gradients to new weights: AdamW (Loshchilov and Hutter, "Decoupled Weight Decay
 * Regularization", 2019) with clipping by the global norm and a moving average of weights.
 *
 * Work is cut into blocks, so that threads can share it and sums come out the same whoever
 * does which.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_OPTIMIZER_H
#define DB_TRAIN_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/config.h"

typedef struct {
    size_t offset;
    uint32_t count;
    bool decays; /* a matrix: weight decay applies */
} db_block;

/* Cuts the parameters into blocks within tensors. The caller frees `*blocks`.
 * Returns how many. */
size_t db_blocks_make(const db_layout *layout, db_block **blocks);

/* Adds up the shards' gradients of a block, in order, into shards[0].
 * Returns the sum of their squares. */
double db_gradient_gather(const db_block *block, float *const *shards, uint32_t count);

/* The numbers of one update. */
typedef struct {
    float rate;   /* learning rate over the first moment's bias correction */
    float shrink; /* 1 - rate * weight decay */
    float scale;  /* of the gradient, from clipping */
    float beta1, beta2;
    float correction; /* 1 / (1 - beta2^t), of the second moment */
    float epsilon;
    float average; /* weight of the new parameters in the average; 0: no average */
} db_adam_step;

/* The moving average's decay grows with the step, so that it forgets the random start:
 * min(decay, (1 + step) / (10 + step)). step is 0-based. */
db_adam_step db_adam_step_make(uint64_t step, double rate, double beta1, double beta2, double epsilon,
                               double weight_decay, double clip, double norm, double average);

typedef struct {
    float *parameters, *first, *second, *average; /* average may be NULL */
} db_adam_arrays;

/* Updates one block. */
void db_adam_update(const db_adam_step *step, const db_block *block, const float *gradient,
                    const db_adam_arrays *arrays);

#endif
