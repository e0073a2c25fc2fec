/*
 * The model over a window.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/model.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/dense.h"
#include "nn/embedding.h"
#include "nn/factored.h"
#include "nn/recurrent.h"
#include "nn/rounding.h"
#include "nn/transformer.h"

typedef struct {
    size_t weight_input, weight_recurrent, bias, bias_recurrent; /* offsets into the parameters */
} layer_offsets;

struct db_pass {
    db_model_config config;
    db_layout layout;
    layer_offsets offsets[DOGBERRY_LAYERS_MAX];
    size_t embedding, output_weight, output_bias;
    size_t class_weight, class_bias, order; /* factored output */
    uint32_t streams, window, gates;
    uint32_t width;              /* of what the output layer reads */
    db_transformer *transformer; /* NULL in recurrent models; in transformers there is nothing per layer here */
    real input_unit;             /* activations are rounded if it is not 0 */

    real *embedded;                     /* [T][B][E] */
    real *outputs[DOGBERRY_LAYERS_MAX]; /* [T][B][H] after dropout */
    real *gradients;                    /* [T][B][max(E, H)] of a layer's outputs */
    real *below;                        /* [T][B][max(E, H)] of its inputs */
    db_recurrent_trace traces[DOGBERRY_LAYERS_MAX];
    db_linear inputs[DOGBERRY_LAYERS_MAX], recurrents[DOGBERRY_LAYERS_MAX], output;
    db_linear_scratch scratch; /* theirs */
    real *logits;              /* the output layer's scratch */
    db_linear class_output;
    uint16_t *places; /* [V] */
    real *no_bias;    /* transformer: [2][V], zeros in place of a bias, and what its gradient would be */

    /* Dropout, made for a window. */
    bool noisy;
    db_dropout dropout;
    real *keep_words;                             /* [V] */
    real *input_mask;                             /* [B][E] */
    real *output_masks[DOGBERRY_LAYERS_MAX];      /* [B][H] */
    real *recurrent_masks[DOGBERRY_LAYERS_MAX];   /* [G*H][H] */
    real *recurrent_weights[DOGBERRY_LAYERS_MAX]; /* [G*H][H] what is left of them */
};

static real *allocate(size_t count)
{
    return db_allocate(count * sizeof(real));
}

/* How many layers this file runs itself. */
static uint32_t recurrent_layers(const db_pass *pass)
{
    return pass->transformer != NULL ? 0 : pass->config.layers;
}

static size_t layer_offset(const db_layout *layout, uint32_t layer, const char *name)
{
    char full[DB_TENSOR_NAME];
    snprintf(full, sizeof full, "layers.%u.%s", layer, name);
    return db_layout_find(layout, full)->offset;
}

static void find_transformer_offsets(db_pass *pass)
{
    pass->embedding = db_layout_find(&pass->layout, "model.embed_tokens.weight")->offset;
    pass->output_weight = pass->config.output == DOGBERRY_TIED
                              ? pass->embedding
                              : db_layout_find(&pass->layout, "lm_head.weight")->offset;
}

static void find_recurrent_offsets(db_pass *pass)
{
    const db_model_config *config = &pass->config;
    const db_layout *layout = &pass->layout;
    for (uint32_t l = 0; l < config->layers; l++) {
        layer_offsets *offsets = &pass->offsets[l];
        offsets->weight_input = layer_offset(layout, l, "weight_input");
        offsets->weight_recurrent = layer_offset(layout, l, "weight_recurrent");
        offsets->bias = layer_offset(layout, l, "bias");
        if (config->architecture == DOGBERRY_GRU) {
            offsets->bias_recurrent = layer_offset(layout, l, "bias_recurrent");
        }
    }
    pass->embedding = db_layout_find(layout, "embedding.weight")->offset;
    pass->output_weight =
        config->output == DOGBERRY_TIED ? pass->embedding : db_layout_find(layout, "output.weight")->offset;
    pass->output_bias = db_layout_find(layout, "output.bias")->offset;
    if (config->output == DOGBERRY_FACTORED) {
        pass->class_weight = db_layout_find(layout, "output.class_weight")->offset;
        pass->class_bias = db_layout_find(layout, "output.class_bias")->offset;
        pass->order = db_layout_find(layout, "output.order")->offset;
    }
}

static void make_output(db_pass *pass, size_t rows, bool half)
{
    const db_model_config *config = &pass->config;
    if (config->output == DOGBERRY_FACTORED) {
        db_linear_make(&pass->class_output, config->classes, pass->width, rows, half ? &pass->scratch : NULL);
        pass->logits = allocate(db_factored_scratch(config->vocab, pass->width, config->classes, rows));
        pass->places = db_allocate(config->vocab * sizeof *pass->places);
    } else {
        db_linear_make(&pass->output, config->vocab, pass->width, DB_OUTPUT_CHUNK, half ? &pass->scratch : NULL);
        pass->logits = allocate(db_dense_scratch(config->vocab, pass->width));
    }
}

static void make_recurrent_layer(db_pass *pass, uint32_t l, bool half)
{
    const db_model_config *config = &pass->config;
    const size_t hidden = config->hidden, gates = pass->gates * hidden;
    const size_t rows = (size_t)pass->streams * pass->window, state = pass->streams * hidden;
    db_linear_scratch *scratch = half ? &pass->scratch : NULL;
    db_linear_make(&pass->inputs[l], gates, l == 0 ? config->embedding : hidden, rows, scratch);
    db_linear_make(&pass->recurrents[l], gates, hidden, rows, scratch);
    pass->outputs[l] = allocate(rows * hidden);
    pass->traces[l] = (db_recurrent_trace){.hidden = allocate(rows * hidden + state),
                                           .cell = allocate(rows * hidden + state),
                                           .gates = allocate(rows * gates),
                                           .extra = allocate(rows * hidden),
                                           .scratch = allocate(4 * state)};
    pass->output_masks[l] = allocate(state);
    pass->recurrent_masks[l] = allocate(gates * hidden);
    pass->recurrent_weights[l] = allocate(gates * hidden);
}

/* What all layers of a transformer are, and its outputs under dropout. */
static void make_transformer(db_pass *pass, bool half)
{
    pass->transformer = db_transformer_new(&pass->config, pass->streams, pass->window, half);
    pass->outputs[0] = allocate((size_t)pass->streams * pass->window * pass->width);
    pass->output_masks[0] = allocate((size_t)pass->streams * pass->width);
    pass->no_bias = allocate(2 * (size_t)pass->config.vocab);
}

db_pass *db_pass_new(const db_model_config *config, uint32_t streams, uint32_t window, bool half)
{
    db_pass *pass = db_allocate(sizeof *pass);
    pass->config = *config;
    pass->streams = streams;
    pass->window = window;
    pass->gates = config->architecture == DOGBERRY_LSTM ? 4 : 3;
    pass->width = db_model_config_width(config);
    db_layout_make(&pass->layout, config);

    const size_t embedding = config->embedding, rows = (size_t)streams * window;
    const size_t widest = pass->width > embedding ? pass->width : embedding;
    pass->embedded = allocate(rows * embedding);
    pass->gradients = allocate(rows * widest);
    pass->below = allocate(rows * widest);
    pass->keep_words = allocate(config->vocab);
    pass->input_mask = allocate(streams * embedding);
    make_output(pass, rows, half);
    if (config->architecture == DOGBERRY_TRANSFORMER) {
        find_transformer_offsets(pass);
        make_transformer(pass, half);
        return pass;
    }
    find_recurrent_offsets(pass);
    for (uint32_t l = 0; l < config->layers; l++) {
        make_recurrent_layer(pass, l, half);
    }
    return pass;
}

void db_pass_free(db_pass *pass)
{
    if (pass == NULL) {
        return;
    }
    for (uint32_t l = 0; l < DOGBERRY_LAYERS_MAX; l++) {
        const db_recurrent_trace *trace = &pass->traces[l];
        db_linear_free(&pass->inputs[l]);
        db_linear_free(&pass->recurrents[l]);
        free(trace->hidden);
        free(trace->cell);
        free(trace->gates);
        free(trace->extra);
        free(trace->scratch);
        free(pass->outputs[l]);
        free(pass->output_masks[l]);
        free(pass->recurrent_masks[l]);
        free(pass->recurrent_weights[l]);
    }
    db_transformer_free(pass->transformer);
    db_linear_free(&pass->output);
    db_linear_free(&pass->class_output);
    db_linear_scratch_free(&pass->scratch);
    free(pass->places);
    free(pass->no_bias);
    free(pass->embedded);
    free(pass->gradients);
    free(pass->below);
    free(pass->logits);
    free(pass->keep_words);
    free(pass->input_mask);
    free(pass);
}

void db_pass_round_activations(db_pass *pass, const db_activation_rounding *rounding)
{
    assert(rounding == NULL || (pass->transformer != NULL ? rounding->blocks != NULL : rounding->input > 0));
    if (pass->transformer != NULL) {
        db_transformer_round(pass->transformer, rounding);
    } else {
        pass->input_unit = rounding != NULL ? rounding->input : 0;
    }
}

/* ---- Carried state ---- */

size_t db_pass_state_count(const db_pass *pass)
{
    return (size_t)2 * recurrent_layers(pass) * pass->streams * pass->config.hidden;
}

void db_pass_get_state(const db_pass *pass, real *state)
{
    const size_t count = (size_t)pass->streams * pass->config.hidden;
    for (uint32_t l = 0; l < recurrent_layers(pass); l++) {
        memcpy(state + 2 * l * count, pass->traces[l].hidden, count * sizeof *state);
        memcpy(state + (2 * l + 1) * count, pass->traces[l].cell, count * sizeof *state);
    }
}

void db_pass_set_state(db_pass *pass, const real *state)
{
    const size_t count = (size_t)pass->streams * pass->config.hidden;
    for (uint32_t l = 0; l < recurrent_layers(pass); l++) {
        memcpy(pass->traces[l].hidden, state + 2 * l * count, count * sizeof *state);
        memcpy(pass->traces[l].cell, state + (2 * l + 1) * count, count * sizeof *state);
    }
}

void db_pass_zero_state(db_pass *pass)
{
    const size_t bytes = (size_t)pass->streams * pass->config.hidden * sizeof(real);
    for (uint32_t l = 0; l < recurrent_layers(pass); l++) {
        memset(pass->traces[l].hidden, 0, bytes);
        memset(pass->traces[l].cell, 0, bytes);
    }
    if (pass->transformer != NULL) {
        db_transformer_forget(pass->transformer);
    }
}

/* The state after the window becomes the one before the next. */
static void carry_state(db_pass *pass, uint32_t steps)
{
    const size_t count = (size_t)pass->streams * pass->config.hidden;
    for (uint32_t l = 0; l < recurrent_layers(pass); l++) {
        const db_recurrent_trace *trace = &pass->traces[l];
        memcpy(trace->hidden, trace->hidden + steps * count, count * sizeof(real));
        memcpy(trace->cell, trace->cell + steps * count, count * sizeof(real));
    }
}

/* ---- Dropout ---- */

static void make_noise(db_pass *pass, const real *parameters, const db_dropout *dropout, uint64_t noise)
{
    const db_model_config *config = &pass->config;
    const size_t recurrent = (size_t)pass->gates * config->hidden * config->hidden;
    db_random random;
    db_random_seed(&random, noise);
    pass->noisy = true;
    pass->dropout = *dropout;
    if (dropout->embedding > 0) {
        db_dropout_mask(&random, dropout->embedding, config->vocab, pass->keep_words);
    }
    if (dropout->input > 0) {
        db_dropout_mask(&random, dropout->input, (size_t)pass->streams * config->embedding, pass->input_mask);
    }
    if (pass->transformer != NULL) {
        db_transformer_noise(pass->transformer, dropout, &random);
        if (dropout->output > 0) {
            db_dropout_mask(&random, dropout->output, (size_t)pass->streams * pass->width, pass->output_masks[0]);
        }
    }
    for (uint32_t l = 0; l < recurrent_layers(pass); l++) {
        const real share = l + 1 < config->layers ? dropout->hidden : dropout->output;
        if (share > 0) {
            db_dropout_mask(&random, share, (size_t)pass->streams * config->hidden, pass->output_masks[l]);
        }
        if (dropout->recurrent > 0) {
            db_dropout_mask(&random, dropout->recurrent, recurrent, pass->recurrent_masks[l]);
            memcpy(pass->recurrent_weights[l], parameters + pass->offsets[l].weight_recurrent,
                   recurrent * sizeof(real));
            db_dropout_apply(1, recurrent, pass->recurrent_masks[l], pass->recurrent_weights[l]);
        }
    }
}

static void make_quiet(db_pass *pass)
{
    pass->noisy = false;
    if (pass->transformer != NULL) {
        db_transformer_noise(pass->transformer, NULL, NULL);
    }
}

static bool drops_recurrent(const db_pass *pass)
{
    return pass->noisy && pass->dropout.recurrent > 0;
}

/* The mask [B][H] on layer l's outputs, or NULL. A transformer's layers are one. */
static const real *output_mask(const db_pass *pass, uint32_t l)
{
    const real share = l + 1 < recurrent_layers(pass) ? pass->dropout.hidden : pass->dropout.output;
    return pass->noisy && share > 0 ? pass->output_masks[l] : NULL;
}

static const real *input_mask(const db_pass *pass)
{
    return pass->noisy && pass->dropout.input > 0 ? pass->input_mask : NULL;
}

static const real *kept_words(const db_pass *pass)
{
    return pass->noisy && pass->dropout.embedding > 0 ? pass->keep_words : NULL;
}

static void apply_mask(const real *mask, uint32_t steps, size_t count, real *values)
{
    if (mask != NULL) {
        db_dropout_apply(steps, count, mask, values);
    }
}

/* ---- Layers ---- */

/* Makes the weights ready for products, those that dropout leaves for the recurrent ones. */
static void load_weights(db_pass *pass, const real *parameters, bool full)
{
    if (pass->transformer != NULL) {
        db_transformer_load(pass->transformer, parameters, full);
    }
    for (uint32_t l = 0; l < recurrent_layers(pass); l++) {
        const layer_offsets *offsets = &pass->offsets[l];
        const real *recurrent =
            drops_recurrent(pass) ? pass->recurrent_weights[l] : parameters + offsets->weight_recurrent;
        db_linear_load(&pass->inputs[l], parameters + offsets->weight_input, full);
        db_linear_load(&pass->recurrents[l], recurrent, full);
    }
    if (pass->config.output == DOGBERRY_FACTORED) {
        db_linear_load(&pass->class_output, parameters + pass->class_weight, full);
        const int bad = db_factored_places(pass->config.vocab, parameters + pass->order, pass->places, NULL);
        assert(!bad);
        (void)bad;
    } else {
        db_linear_load(&pass->output, parameters + pass->output_weight, full);
    }
}

static db_recurrent layer_weights(const db_pass *pass, const real *parameters, uint32_t l)
{
    const layer_offsets *offsets = &pass->offsets[l];
    return (db_recurrent){
        .inputs = l == 0 ? pass->config.embedding : pass->config.hidden,
        .hidden = pass->config.hidden,
        .input = &pass->inputs[l],
        .recurrent = &pass->recurrents[l],
        .bias = parameters + offsets->bias,
        .bias_recurrent = pass->config.architecture == DOGBERRY_GRU ? parameters + offsets->bias_recurrent : NULL,
        .rounds = pass->input_unit > 0,
    };
}

static db_recurrent_input layer_input(const db_pass *pass, const db_window *window, uint32_t l)
{
    return (db_recurrent_input){.steps = window->steps,
                                .streams = pass->streams,
                                .resets = window->resets,
                                .x = l == 0 ? pass->embedded : pass->outputs[l - 1]};
}

/* Rounds the embedded inputs; whole words that dropout keeps are scaled, and so is the unit. */
static void round_inputs(db_pass *pass, uint32_t steps)
{
    if (pass->input_unit > 0) {
        const real scale = kept_words(pass) != NULL ? 1 / (1 - pass->dropout.embedding) : 1;
        db_round_inputs((size_t)steps * pass->streams * pass->config.embedding, pass->input_unit * scale,
                        pass->embedded);
    }
}

static const real *recurrent_forward(db_pass *pass, const real *parameters, const db_window *window)
{
    const db_model_config *config = &pass->config;
    for (uint32_t l = 0; l < config->layers; l++) {
        const db_recurrent layer = layer_weights(pass, parameters, l);
        const db_recurrent_input input = layer_input(pass, window, l);
        (config->architecture == DOGBERRY_LSTM ? db_lstm_forward : db_gru_forward)(&layer, &input, &pass->traces[l],
                                                                                   pass->outputs[l]);
        apply_mask(output_mask(pass, l), window->steps, (size_t)pass->streams * config->hidden, pass->outputs[l]);
    }
    return pass->outputs[config->layers - 1];
}

static const real *transformer_forward(db_pass *pass, const db_window *window, bool carry)
{
    const size_t row = (size_t)pass->streams * pass->width;
    const real *out = db_transformer_forward(pass->transformer, window->steps, window->resets, pass->embedded, carry);
    if (output_mask(pass, 0) == NULL) {
        return out;
    }
    memcpy(pass->outputs[0], out, window->steps * row * sizeof *out);
    apply_mask(output_mask(pass, 0), window->steps, row, pass->outputs[0]);
    return pass->outputs[0];
}

/* Runs everything below the output layer. `carry`: a transformer sees the windows before (recurrent layers always do).
 * Returns the last layer's outputs [T][B][width]. */
static const real *forward(db_pass *pass, const real *parameters, const db_window *window, bool carry)
{
    const db_model_config *config = &pass->config;
    assert(window->steps >= 1 && window->steps <= pass->window);
    db_embedding_forward((size_t)window->steps * pass->streams, config->embedding, window->inputs,
                         parameters + pass->embedding, kept_words(pass), pass->embedded);
    round_inputs(pass, window->steps);
    apply_mask(input_mask(pass), window->steps, (size_t)pass->streams * config->embedding, pass->embedded);
    return pass->transformer != NULL ? transformer_forward(pass, window, carry)
                                     : recurrent_forward(pass, parameters, window);
}

static void swap_gradients(db_pass *pass)
{
    real *swap = pass->gradients;
    pass->gradients = pass->below;
    pass->below = swap;
}

static void recurrent_backward(db_pass *pass, const real *parameters, const db_window *window, real *gradient)
{
    const db_model_config *config = &pass->config;
    const size_t recurrent = (size_t)pass->gates * config->hidden * config->hidden;
    for (uint32_t l = config->layers; l-- > 0;) {
        const layer_offsets *offsets = &pass->offsets[l];
        const db_recurrent layer = layer_weights(pass, parameters, l);
        const db_recurrent_input input = layer_input(pass, window, l);
        const db_recurrent_gradient into = {.weight_input = gradient + offsets->weight_input,
                                            .weight_recurrent = gradient + offsets->weight_recurrent,
                                            .bias = gradient + offsets->bias,
                                            .bias_recurrent = gradient + offsets->bias_recurrent};
        apply_mask(output_mask(pass, l), window->steps, (size_t)pass->streams * config->hidden, pass->gradients);
        (config->architecture == DOGBERRY_LSTM ? db_lstm_backward : db_gru_backward)(
            &layer, &input, &pass->traces[l], pass->gradients, &into, pass->below);
        if (drops_recurrent(pass)) {
            db_dropout_apply(1, recurrent, pass->recurrent_masks[l], into.weight_recurrent);
        }
        swap_gradients(pass);
    }
}

/* The backward pass below the output layer; pass->gradients holds that of the last layer's outputs. */
static void backward(db_pass *pass, const real *parameters, const db_window *window, real *gradient)
{
    const db_model_config *config = &pass->config;
    if (pass->transformer != NULL) {
        apply_mask(output_mask(pass, 0), window->steps, (size_t)pass->streams * pass->width, pass->gradients);
        db_transformer_backward(pass->transformer, pass->gradients, gradient, pass->below);
        swap_gradients(pass);
    } else {
        recurrent_backward(pass, parameters, window, gradient);
    }
    apply_mask(input_mask(pass), window->steps, (size_t)pass->streams * config->embedding, pass->gradients);
    db_embedding_backward((size_t)window->steps * pass->streams, config->embedding, window->inputs, pass->gradients,
                          kept_words(pass), gradient + pass->embedding);
}

/* ---- Output ---- */

static db_dense dense_layer(const db_pass *pass, const real *parameters)
{
    return (db_dense){.vocab = pass->config.vocab,
                      .hidden = pass->width,
                      .linear = &pass->output,
                      .bias = pass->transformer != NULL ? pass->no_bias : parameters + pass->output_bias};
}

static db_factored factored_layer(const db_pass *pass, const real *parameters)
{
    return (db_factored){.vocab = pass->config.vocab,
                         .hidden = pass->config.hidden,
                         .classes = pass->config.classes,
                         .class_linear = &pass->class_output,
                         .class_bias = parameters + pass->class_bias,
                         .weight = parameters + pass->output_weight,
                         .bias = parameters + pass->output_bias,
                         .places = pass->places,
                         .scratch = pass->logits};
}

static double output_loss(const db_pass *pass, const real *parameters, size_t n, const real *h, const uint16_t *targets,
                          float *nats)
{
    if (pass->config.output == DOGBERRY_FACTORED) {
        const db_factored layer = factored_layer(pass, parameters);
        return db_factored_loss(&layer, n, h, targets, nats);
    }
    const db_dense layer = dense_layer(pass, parameters);
    return db_dense_loss(&layer, n, h, targets, pass->logits, nats);
}

/* Leaves the gradient by h in pass->gradients. */
static double output_gradient(const db_pass *pass, const real *parameters, size_t n, const real *h,
                              const uint16_t *targets, real scale, real *gradient)
{
    if (pass->config.output == DOGBERRY_FACTORED) {
        const db_factored layer = factored_layer(pass, parameters);
        const db_factored_gradient into = {gradient + pass->class_weight, gradient + pass->class_bias,
                                           gradient + pass->output_weight, gradient + pass->output_bias};
        return db_factored_backward(&layer, n, h, targets, scale, pass->gradients, &into);
    }
    const db_dense layer = dense_layer(pass, parameters);
    return db_dense_backward(
        &layer, n, h, targets, scale, pass->logits, pass->gradients, gradient + pass->output_weight,
        pass->transformer != NULL ? pass->no_bias + pass->config.vocab : gradient + pass->output_bias);
}

static void output_logits(const db_pass *pass, const real *parameters, const real *h, real *logits)
{
    if (pass->config.output == DOGBERRY_FACTORED) {
        const db_factored layer = factored_layer(pass, parameters);
        db_factored_logits(&layer, pass->streams, h, logits);
    } else {
        const db_dense layer = dense_layer(pass, parameters);
        db_dense_logits(&layer, pass->streams, h, logits);
    }
}

/* ---- What callers see ---- */

double db_pass_loss(db_pass *pass, const real *parameters, const db_window *window, float *nats)
{
    make_quiet(pass);
    load_weights(pass, parameters, false);
    const real *h = forward(pass, parameters, window, true);
    const double sum = output_loss(pass, parameters, (size_t)window->steps * pass->streams, h, window->targets, nats);
    carry_state(pass, window->steps);
    return sum;
}

/* With the weights loaded and dropout drawn. */
static double add_gradient(db_pass *pass, const real *parameters, const db_window *window, real scale, real *gradient)
{
    const real *h = forward(pass, parameters, window, false);
    const double sum =
        output_gradient(pass, parameters, (size_t)window->steps * pass->streams, h, window->targets, scale, gradient);
    backward(pass, parameters, window, gradient);
    carry_state(pass, window->steps);
    return sum;
}

double db_pass_gradient(db_pass *pass, const real *parameters, const db_window *window, const db_dropout *dropout,
                        uint64_t noise, real scale, real *gradient)
{
    make_noise(pass, parameters, dropout, noise);
    load_weights(pass, parameters, false);
    memset(gradient, 0, pass->layout.parameters * sizeof *gradient);
    return add_gradient(pass, parameters, window, scale, gradient);
}

double db_pass_gradient_add(db_pass *pass, const real *parameters, const db_window *window, const db_dropout *dropout,
                            uint64_t noise, real scale, real *gradient)
{
    make_noise(pass, parameters, dropout, noise);
    if (drops_recurrent(pass)) { /* other weights than in the window before */
        load_weights(pass, parameters, false);
    }
    return add_gradient(pass, parameters, window, scale, gradient);
}

void db_pass_step(db_pass *pass, const real *parameters, const uint16_t *inputs, real *logits)
{
    make_quiet(pass);
    load_weights(pass, parameters, true);
    uint8_t *resets = db_allocate(pass->streams);
    const db_window window = {.steps = 1, .inputs = inputs, .resets = resets};
    output_logits(pass, parameters, forward(pass, parameters, &window, true), logits);
    carry_state(pass, 1);
    free(resets);
}
