/* SPDX-License-Identifier: MIT */
#include "train/rounding.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pack/quantize.h"
#include "pack/quantize_fixed.h"
#include "pack/quantize_i4.h"

enum { ROWS_AT_A_TIME = 64 };

/* Returns the best unit of embedded inputs, words counted as often as they are fed; those that the text lacks a little.
 */
static double input_step(const db_model_config *config, const float *embedding, const db_sequence *text)
{
    double *counts = db_allocate(config->vocab * sizeof *counts);
    for (uint32_t t = 0; t < config->vocab; t++)
        counts[t] = 0.25;
    for (size_t i = 0; i < text->count; i++)
        counts[text->ids[i]]++;
    const double step = db_common_step(embedding, config->vocab, config->embedding, counts);
    free(counts);
    return step;
}

void db_weight_rounding_make(db_weight_rounding *out, const db_model_config *config, const float *parameters,
                             const db_sequence *text, uint32_t bits, uint32_t threads)
{
    assert(bits == 8 || bits == 4);
    *out = (db_weight_rounding){.config = config, .kind = {.bits = bits}, .threads = threads};
    db_layout_make(&out->layout, config);
    out->kind.input_step =
        input_step(config, parameters + db_layout_find(&out->layout, "embedding.weight")->offset, text);
    snprintf(out->description, sizeof out->description, "%u bits, inputs in %.17g", bits, out->kind.input_step);
}

/* Rows [from, to) of a matrix. */
static void round_rows(const db_weight_rounding *rounding, const db_tensor *tensor, const float *parameters,
                       float *rounded, uint32_t from, uint32_t to)
{
    const bool shared_unit = tensor->offset == db_layout_find(&rounding->layout, "embedding.weight")->offset &&
                             rounding->config->output != DOGBERRY_TIED;
    const size_t at = tensor->offset + (size_t)from * tensor->cols;
    if (rounding->kind.bits == 4)
        db_round_i4_fixed(rounded + at, parameters + at, to - from, tensor->cols);
    else if (shared_unit)
        db_round_with_step(rounded + at, parameters + at, (size_t)(to - from) * tensor->cols,
                           rounding->kind.input_step);
    else
        db_round_fixed(rounded + at, parameters + at, to - from, tensor->cols);
}

static bool is_matrix(const db_tensor *tensor)
{
    return strstr(tensor->name, "weight") != NULL;
}

void db_round_weights(const db_weight_rounding *rounding, const float *parameters, float *rounded)
{
#pragma omp parallel num_threads(rounding->threads)
    for (size_t i = 0; i < rounding->layout.count; i++) {
        const db_tensor *tensor = &rounding->layout.tensors[i];
#pragma omp for schedule(static) nowait
        for (uint32_t r = 0; r < tensor->rows; r += ROWS_AT_A_TIME) {
            const uint32_t end = tensor->rows - r < ROWS_AT_A_TIME ? tensor->rows : r + ROWS_AT_A_TIME;
            const size_t at = tensor->offset + (size_t)r * tensor->cols;
            if (is_matrix(tensor))
                round_rows(rounding, tensor, parameters, rounded, r, end);
            else
                memcpy(rounded + at, parameters + at, (size_t)(end - r) * tensor->cols * sizeof *rounded);
        }
    }
}

static void round_for_training(void *user, const float *parameters, float *rounded)
{
    db_round_weights(user, parameters, rounded);
}

db_train_rounding db_weight_rounding_for_training(db_weight_rounding *rounding)
{
    return (db_train_rounding){.user = rounding,
                               .round = round_for_training,
                               .input_unit = (float)rounding->kind.input_step,
                               .description = rounding->description};
}

void db_tune_defaults(db_train_options *options, const db_model_config *config, size_t tokens)
{
    db_train_defaults(options, config, tokens);
    options->learning_rate *= 0.03;
    options->warmup = 20;
    options->average = 0.99;
}
