/*
 * The random start.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/random.h"
#include "train/train.h"

static void fill_uniform(db_random *random, double bound, size_t count, float *values)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)((2 * db_random_unit(random) - 1) * bound);
    }
}

/* Uniform in +-1/sqrt(H) for the layers, +-0.1 for the embedding, zero for biases but one for the forget
 * gates (Jozefowicz et al., 2015), so that memory is kept until the gates have learned. */
void db_train_initialize(const db_model_config *config, uint64_t seed, float *parameters)
{
    db_layout layout;
    db_random random;
    db_layout_make(&layout, config);
    db_random_seed(&random, seed ^ UINT64_C(0x1517A11E));
    const double bound = 1 / sqrt(config->hidden);
    for (size_t i = 0; i < layout.count; i++) {
        const db_tensor *tensor = &layout.tensors[i];
        float *values = parameters + tensor->offset;
        const size_t count = (size_t)tensor->rows * tensor->cols;
        if (strcmp(tensor->name, "output.order") == 0) {
            for (size_t j = 0; j < count; j++) {
                values[j] = (float)j;
            }
        } else if (tensor->cols == 1) {
            memset(values, 0, count * sizeof *values);
            if (config->architecture == DOGBERRY_LSTM && strstr(tensor->name, ".bias") && tensor->name[0] == 'l') {
                for (size_t j = config->hidden; j < 2 * (size_t)config->hidden; j++) {
                    values[j] = 1;
                }
            }
        } else {
            const bool embedding = strcmp(tensor->name, "embedding.weight") == 0;
            fill_uniform(&random, embedding ? 0.1 : bound, count, values);
        }
    }
}
