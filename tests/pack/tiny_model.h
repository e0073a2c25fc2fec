/*
 * A small model with a real tokenizer and random weights, for tests that need one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_TINY_MODEL_H
#define TESTS_TINY_MODEL_H

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "interop/model_dir.h"

static const char TINY_TEXT[] =
    "The constable walked to the old mill at noon. A dog followed him, and the dog was glad.\n"
    "\"Who goes there?\" asked the miller. \"It is I,\" said the constable, \"and this is my dog.\"\n"
    "The miller laughed; he gave the dog a bone, and he gave the constable a cup of tea.\n\n"
    "They sat by the river until the sun was low. Then the dog slept, and the old men talked.\n"
    "In the morning the mill was quiet. The dog asked for a bone; the miller gave him tea!\n";

/* Uniform in [-range, range]. */
static inline float tiny_uniform(db_random *random, double range)
{
    return (float)((2 * db_random_unit(random) - 1) * range);
}

/* Weights as large as training leaves them: unit-variance arguments for the gates, logits of a few nats. */
static inline void tiny_fill(db_model_dir *model, uint64_t seed)
{
    db_random random;
    db_random_seed(&random, seed);
    model->parameters = db_allocate(model->layout.parameters * sizeof(float));
    for (size_t i = 0; i < model->layout.count; i++) {
        const db_tensor *tensor = &model->layout.tensors[i];
        double range = strstr(tensor->name, "bias")        ? 0.5
                       : strstr(tensor->name, "output")    ? 12 / sqrt(tensor->cols)
                       : strstr(tensor->name, "embedding") ? 1
                                                           : 2.5 / sqrt(tensor->cols);
        for (size_t k = 0; k < (size_t)tensor->rows * tensor->cols; k++)
            model->parameters[tensor->offset + k] =
                strcmp(tensor->name, "output.order") == 0 ? (float)k : tiny_uniform(&random, range);
    }
}

/* Fills in everything but config.vocab, which is set here. Returns 0 or -1. Free with db_model_dir_free(). */
static inline int tiny_model(db_model_dir *model, db_model_config config, uint64_t seed, db_error *error)
{
    *model = (db_model_dir){.name = "tiny", .training = db_copy_string("{\"seed\":7,\"date\":\"2026-01-02\"}")};
    db_corpus_add_text(&model->calibration, "tiny.txt", TINY_TEXT, sizeof TINY_TEXT - 1);
    config.vocab = 40;
    model->config = config;
    if (db_model_config_check(&config, error) != 0 ||
        db_tokenizer_learn_word(&model->tokenizer, &model->calibration, config.vocab, error) != 0)
        return -1;
    model->start_token = model->tokenizer.view.end;
    db_layout_make(&model->layout, &model->config);
    tiny_fill(model, seed);
    return 0;
}

#endif
