/* SPDX-License-Identifier: MIT */
#include "train/rounding.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pack/calibrate.h"
#include "pack/equalize.h"
#include "pack/matrix.h"
#include "pack/pack.h"
#include "pack/quantize.h"
#include "pack/quantize_fixed.h"
#include "pack/quantize_i4.h"
#include "pack/units.h"

enum { ROWS_AT_A_TIME = 64, ACTIVATION_BITS = 8 };

/* What a transformer's activations are measured on: before training and, as it costs time there, on the way. */
enum { CALIBRATION_TOKENS = 16384, REFRESH_TOKENS = 8192 };

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

static void make_recurrent(db_weight_rounding *out, const float *parameters, const db_sequence *text)
{
    out->kind.input_step =
        input_step(out->config, parameters + db_layout_find(&out->layout, "embedding.weight")->offset, text);
    out->activations.input = (real)out->kind.input_step;
    snprintf(out->description, sizeof out->description, "%u bits, inputs in %.17g", out->kind.bits,
             out->kind.input_step);
}

/* ---- Transformers ---- */

/* On the first `most` tokens of the text. */
static void calibrate(db_calibration *out, const db_weight_rounding *rounding, const float *parameters, size_t most)
{
    const db_sequence *text = rounding->text;
    db_calibrate(out, rounding->config, parameters, text->start_token, text->end_token, text->ids,
                 text->count < most ? text->count : most);
}

static void take_units(db_weight_rounding *out, uint32_t layer, const db_block_units *units)
{
    const uint32_t shared = out->config->kv_heads * db_model_config_head(out->config);
    float *keys = out->units + 2 * (size_t)layer * shared, *values = keys + shared;
    for (uint32_t i = 0; i < shared; i++) {
        keys[i] = (float)ldexp(units->keys[i], ACTIVATION_BITS - (int)db_pack_key_bits(out->config));
        values[i] = (float)units->values[i];
    }
    out->blocks[layer] = (db_block_rounding){.norm1 = (real)units->norm1,
                                             .attended = (real)units->attended[0],
                                             .norm2 = (real)units->norm2,
                                             .active = (real)units->active[0],
                                             .keys = keys,
                                             .values = values};
}

/* The units of activations with `parameters` rounded, by the rule that the packer has. */
static void measure_units(db_weight_rounding *out, const float *parameters, size_t tokens)
{
    const db_model_config *config = out->config;
    const uint32_t key_bits = db_pack_key_bits(config);
    db_calibration calibration;
    float *rounded = db_allocate(out->layout.parameters * sizeof *rounded);
    db_round_weights(out, parameters, rounded);
    calibrate(&calibration, out, rounded, tokens);
    free(rounded);
    for (uint32_t l = 0; l < config->layers; l++) {
        db_block_units units;
        db_block_units_find(&units, config, &calibration.blocks[l], key_bits, true);
        take_units(out, l, &units);
        db_block_units_free(&units);
    }
    out->activations = (db_activation_rounding){.blocks = out->blocks,
                                                .last = (real)db_unit_of(&calibration.last_range),
                                                .key_most = (real)((1 << (key_bits - 1)) - 1)};
    db_calibration_free(&calibration);
}

static void make_transformer(db_weight_rounding *out, float *parameters)
{
    const db_model_config *config = out->config;
    db_calibration calibration;
    calibrate(&calibration, out, parameters, CALIBRATION_TOKENS);
    db_transformer_equalize(config, parameters, &calibration);
    db_calibration_free(&calibration);
    out->blocks = db_allocate(config->layers * sizeof *out->blocks);
    out->units = db_allocate(2 * (size_t)config->layers * config->embedding * sizeof *out->units);
    measure_units(out, parameters, CALIBRATION_TOKENS);
    snprintf(out->description, sizeof out->description, "%u bits", out->kind.bits);
}

void db_weight_rounding_make(db_weight_rounding *out, const db_model_config *config, float *parameters,
                             const db_sequence *text, uint32_t bits, uint32_t threads)
{
    assert(bits == 8 || bits == 4);
    *out = (db_weight_rounding){.config = config, .text = text, .kind = {.bits = bits}, .threads = threads};
    db_layout_make(&out->layout, config);
    if (config->architecture == DOGBERRY_TRANSFORMER)
        make_transformer(out, parameters);
    else
        make_recurrent(out, parameters, text);
}

void db_weight_rounding_free(db_weight_rounding *rounding)
{
    free(rounding->blocks);
    free(rounding->units);
    *rounding = (db_weight_rounding){0};
}

/* ---- Weights ---- */

/* Whether one unit serves all rows: those of what a recurrent model's first layer reads. */
static bool has_shared_unit(const db_weight_rounding *rounding, const db_tensor *tensor)
{
    return rounding->config->output != DOGBERRY_TIED && strcmp(tensor->name, "embedding.weight") == 0;
}

/* Rows [from, to) of a matrix. */
static void round_rows(const db_weight_rounding *rounding, const db_tensor *tensor, const float *parameters,
                       float *rounded, uint32_t from, uint32_t to)
{
    const size_t at = tensor->offset + (size_t)from * tensor->cols;
    const uint32_t bits = db_matrix_bits(rounding->config, tensor, rounding->kind.bits);
    if (bits == 4)
        db_round_i4_fixed(rounded + at, parameters + at, to - from, tensor->cols);
    else if (has_shared_unit(rounding, tensor))
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

static void settle_for_training(void *user, float *parameters, float most)
{
    const db_weight_rounding *rounding = user;
    assert(rounding->kind.bits == 4);
#pragma omp parallel for num_threads(rounding->threads) schedule(static)
    for (size_t i = 0; i < rounding->layout.count; i++) {
        const db_tensor *tensor = &rounding->layout.tensors[i];
        if (is_matrix(tensor) && db_matrix_bits(rounding->config, tensor, 4) == 4)
            db_settle_i4_fixed(parameters + tensor->offset, tensor->rows, tensor->cols, most);
    }
}

static void refresh_for_training(void *user, const float *parameters)
{
    measure_units(user, parameters, REFRESH_TOKENS);
}

db_train_rounding db_weight_rounding_for_training(db_weight_rounding *rounding)
{
    return (db_train_rounding){.user = rounding,
                               .round = round_for_training,
                               .settle = rounding->kind.bits == 4 ? settle_for_training : NULL,
                               .refresh = rounding->blocks != NULL ? refresh_for_training : NULL,
                               .activations = &rounding->activations,
                               .description = rounding->description};
}

void db_tune_defaults(db_train_options *options, const db_model_config *config, size_t tokens, uint32_t bits)
{
    db_train_defaults(options, config, tokens);
    options->warmup = 20;
    options->average = 0.99;
    if (config->architecture != DOGBERRY_TRANSFORMER) {
        options->learning_rate *= 0.03;
        return;
    }
    options->learning_rate *= 0.05;
    options->weight_decay = 0;
    if (bits == 4)
        options->pull = 0.2;
}
