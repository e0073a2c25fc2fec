/* SPDX-License-Identifier: MIT */
#include "pack/calibrate.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/recurrent.h"
#include "pack/calibrate_transformer.h"

/* Steps run at a time; only speed depends on it. */
enum { WINDOW = 32 };

/* A layer with its state and what a window of it leaves. */
typedef struct {
    db_linear input, recurrent;
    db_recurrent weights;
    db_recurrent_trace trace;
    float *out; /* [WINDOW][H] */
} layer_run;

typedef struct {
    const db_model_config *config;
    const float *parameters;
    db_layout layout;
    layer_run layers[DOGBERRY_LAYERS_MAX];
    db_linear output, classes; /* the latter for a class-factored output */
    float *x;                  /* [WINDOW][E] */
    float *logits;             /* [WINDOW][V] */
} model_run;

static const float *tensor(const model_run *run, const char *name)
{
    return run->parameters + db_layout_find(&run->layout, name)->offset;
}

static const float *layer_tensor(const model_run *run, uint32_t layer, const char *name)
{
    char full[sizeof run->layout.tensors[0].name];
    snprintf(full, sizeof full, "layers.%u.%s", layer, name);
    return tensor(run, full);
}

/* In full precision: this is what the image is compared with. */
static void start_linear(db_linear *linear, size_t rows, size_t cols, const float *weight)
{
    db_linear_make(linear, rows, cols, WINDOW, NULL);
    db_linear_load(linear, weight, true);
}

static void start_layer(model_run *run, uint32_t index)
{
    const db_model_config *config = run->config;
    const size_t hidden = config->hidden, gates = config->architecture == DOGBERRY_LSTM ? 4 : 3;
    layer_run *layer = &run->layers[index];
    const size_t inputs = index == 0 ? config->embedding : config->hidden;
    start_linear(&layer->input, gates * hidden, inputs, layer_tensor(run, index, "weight_input"));
    start_linear(&layer->recurrent, gates * hidden, hidden, layer_tensor(run, index, "weight_recurrent"));
    layer->weights = (db_recurrent){
        .inputs = (uint32_t)inputs,
        .hidden = config->hidden,
        .input = &layer->input,
        .recurrent = &layer->recurrent,
        .bias = layer_tensor(run, index, "bias"),
    };
    if (config->architecture == DOGBERRY_GRU)
        layer->weights.bias_recurrent = layer_tensor(run, index, "bias_recurrent");
    layer->trace = (db_recurrent_trace){
        .hidden = db_allocate((WINDOW + 1) * hidden * sizeof(float)),
        .cell = db_allocate((WINDOW + 1) * hidden * sizeof(float)),
        .gates = db_allocate(WINDOW * gates * hidden * sizeof(float)),
        .extra = db_allocate(WINDOW * hidden * sizeof(float)),
        .scratch = db_allocate(4 * hidden * sizeof(float)),
    };
    layer->out = db_allocate(WINDOW * hidden * sizeof(float));
}

static void start_run(model_run *run, const db_model_config *config, const float *parameters)
{
    *run = (model_run){.config = config, .parameters = parameters};
    db_layout_make(&run->layout, config);
    for (uint32_t i = 0; i < config->layers; i++)
        start_layer(run, i);
    start_linear(&run->output, config->vocab, config->hidden,
                 tensor(run, config->output == DOGBERRY_TIED ? "embedding.weight" : "output.weight"));
    if (config->output == DOGBERRY_FACTORED)
        start_linear(&run->classes, config->classes, config->hidden, tensor(run, "output.class_weight"));
    run->x = db_allocate(WINDOW * (size_t)config->embedding * sizeof(float));
    run->logits = db_allocate(WINDOW * (size_t)config->vocab * sizeof(float));
}

static void end_run(model_run *run)
{
    for (uint32_t i = 0; i < run->config->layers; i++) {
        db_recurrent_trace *trace = &run->layers[i].trace;
        free(trace->hidden);
        free(trace->cell);
        free(trace->gates);
        free(trace->extra);
        free(trace->scratch);
        db_linear_free(&run->layers[i].input);
        db_linear_free(&run->layers[i].recurrent);
        free(run->layers[i].out);
    }
    db_linear_free(&run->output);
    if (run->config->output == DOGBERRY_FACTORED)
        db_linear_free(&run->classes);
    free(run->x);
    free(run->logits);
}

static void raise_to(double *most, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *most = fmax(*most, fabs((double)values[i]));
}

/* One window through layer `index`; moves its state to slot 0 for the next window.
 * Returns its outputs [steps][H]. */
static const float *run_layer(model_run *run, uint32_t index, const float *x, const uint8_t *resets, uint32_t steps,
                              db_calibration *out)
{
    layer_run *layer = &run->layers[index];
    const size_t hidden = run->config->hidden;
    const db_recurrent_input input = {.steps = steps, .streams = 1, .resets = resets, .x = x};
    if (run->config->architecture == DOGBERRY_LSTM) {
        db_lstm_forward(&layer->weights, &input, &layer->trace, layer->out);
        raise_to(&out->cell_max[index], layer->trace.cell + hidden, steps * hidden);
        memcpy(layer->trace.cell, layer->trace.cell + steps * hidden, hidden * sizeof(float));
    } else {
        db_gru_forward(&layer->weights, &input, &layer->trace, layer->out);
    }
    memcpy(layer->trace.hidden, layer->trace.hidden + steps * hidden, hidden * sizeof(float));
    db_moments_add(&out->hidden[index], layer->out, steps);
    return layer->out;
}

static void run_window(model_run *run, const uint16_t *tokens, const uint8_t *resets, uint32_t steps,
                       db_calibration *out)
{
    const db_model_config *config = run->config;
    db_embedding_forward(steps, config->embedding, tokens, tensor(run, "embedding.weight"), NULL, run->x);
    db_moments_add(&out->input, run->x, steps);
    const float *x = run->x;
    for (uint32_t i = 0; i < config->layers; i++)
        x = run_layer(run, i, x, resets, steps, out);
    db_linear_forward(&run->output, steps, x, tensor(run, "output.bias"), run->logits);
    raise_to(&out->logit_max, run->logits, (size_t)steps * config->vocab);
    if (config->output == DOGBERRY_FACTORED) {
        db_linear_forward(&run->classes, steps, x, tensor(run, "output.class_bias"), run->logits);
        raise_to(&out->logit_max, run->logits, (size_t)steps * config->classes);
    }
}

void db_calibrate(db_calibration *out, const db_model_config *config, const float *parameters, uint16_t start_token,
                  uint16_t end_token, const uint16_t *ids, size_t count)
{
    assert(count > 0);
    if (config->architecture == DOGBERRY_TRANSFORMER) {
        db_calibrate_transformer(out, config, parameters, start_token, end_token, ids, count);
        return;
    }
    *out = (db_calibration){.tokens = count, .counts = db_allocate(config->vocab * sizeof(double))};
    db_moments_start(&out->input, config->embedding);
    for (uint32_t i = 0; i < config->layers; i++)
        db_moments_start(&out->hidden[i], config->hidden);

    /* Products of one stream are too small to share, and one thread's sums are the same everywhere. */
    int threads = db_linear_set_threads(1);
    model_run run;
    start_run(&run, config, parameters);
    for (size_t at = 0; at < count; at += WINDOW) {
        uint32_t steps = count - at < WINDOW ? (uint32_t)(count - at) : WINDOW;
        uint16_t tokens[WINDOW];
        uint8_t resets[WINDOW];
        for (uint32_t t = 0; t < steps; t++) {
            bool first = at + t == 0 || (end_token != DOGBERRY_NO_TOKEN && ids[at + t - 1] == end_token);
            tokens[t] = first ? start_token : ids[at + t - 1];
            resets[t] = first;
            out->counts[tokens[t]]++;
        }
        run_window(&run, tokens, resets, steps, out);
    }
    end_run(&run);
    (void)db_linear_set_threads(threads);
    db_moments_end(&out->input, count);
    for (uint32_t i = 0; i < config->layers; i++)
        db_moments_end(&out->hidden[i], count);
}

void db_calibration_free(db_calibration *calibration)
{
    free(calibration->counts);
    db_moments_free(&calibration->input);
    for (uint32_t i = 0; i < DOGBERRY_LAYERS_MAX; i++)
        db_moments_free(&calibration->hidden[i]);
    db_calibration_free_blocks(calibration);
    *calibration = (db_calibration){0};
}
