/*
 * Samples from the float model.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "nn/model.h"
#include "train/train.h"

/* Draws from softmax(logits / temperature) without `banned`. */
static uint16_t draw(db_random *random, uint32_t vocab, const float *logits, double temperature, uint16_t banned,
                     double *weights)
{
    double top = -INFINITY, sum = 0;
    for (uint32_t v = 0; v < vocab; v++) {
        top = v != banned && logits[v] > top ? logits[v] : top;
    }
    for (uint32_t v = 0; v < vocab; v++) {
        weights[v] = v == banned ? 0 : exp((logits[v] - top) / temperature);
        sum += weights[v];
    }
    double left = db_random_unit(random) * sum;
    uint32_t last = 0;
    for (uint32_t v = 0; v < vocab; v++) {
        if (weights[v] > 0) {
            last = v;
            left -= weights[v];
            if (left < 0) {
                break;
            }
        }
    }
    return (uint16_t)last;
}

size_t db_train_sample(const db_model_config *config, const float *parameters, const db_sequence *special,
                       uint16_t banned, const uint16_t *prompt, size_t prompt_count, double temperature, uint64_t seed,
                       uint16_t *out, size_t limit)
{
    db_random random;
    db_random_seed(&random, seed);
    db_pass *pass = db_pass_new(config, 1, 1, false);
    float *logits = db_allocate(config->vocab * sizeof *logits);
    double *weights = db_allocate(config->vocab * sizeof *weights);
    size_t count = 0;
    db_pass_step(pass, parameters, &special->start_token, logits);
    for (size_t i = 0; i < prompt_count; i++) {
        db_pass_step(pass, parameters, &prompt[i], logits);
    }
    while (count < limit) {
        const uint16_t token = draw(&random, config->vocab, logits, temperature, banned, weights);
        if (token == special->end_token) {
            break;
        }
        out[count++] = token;
        db_pass_step(pass, parameters, &token, logits);
    }
    free(weights);
    free(logits);
    db_pass_free(pass);
    return count;
}
