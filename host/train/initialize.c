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

/* Of a transformer's embedding, times the root of its width: logits are small at first, as it is the output too. */
static const double EMBEDDING_BOUND = 1;

static void fill_uniform(db_random *random, double bound, size_t count, float *values)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)((2 * db_random_unit(random) - 1) * bound);
    }
}

/* Uniform. What a layer's parts add to the stream begins at nothing, so that depth does no harm at first. */
static void initialize_transformer(const db_layout *layout, const db_model_config *config, db_random *random,
                                   float *parameters)
{
    for (size_t i = 0; i < layout->count; i++) {
        const db_tensor *tensor = &layout->tensors[i];
        const size_t count = (size_t)tensor->rows * tensor->cols;
        const bool adds = strstr(tensor->name, "o_proj") != NULL || strstr(tensor->name, "down_proj") != NULL;
        double bound = adds ? 0 : sqrt(3.0 / tensor->cols);
        if (i == 0) {
            bound = EMBEDDING_BOUND / sqrt(config->embedding);
        }
        fill_uniform(random, bound, count, parameters + tensor->offset);
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
    if (config->architecture == DOGBERRY_TRANSFORMER) {
        initialize_transformer(&layout, config, &random, parameters);
        return;
    }
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
