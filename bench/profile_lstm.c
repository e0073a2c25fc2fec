/*
 * The parts of a step of an LSTM, one by one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profile.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/dense.h"
#include "nn/model.h"
#include "nn/recurrent.h"
#include "parts.h"
#include "train/optimizer.h"

typedef struct {
    db_model_config config;
    db_layout layout;
    db_dropout dropout;
    uint32_t streams, steps; /* of one thread */
    size_t words;            /* streams * steps */

    float *parameters, *gradient, *other_gradient, *first, *second, *average;
    uint16_t *inputs, *targets;
    uint8_t *resets;
    db_pass *pass;

    db_linear input, recurrent, output;
    db_linear_scratch scratch;
    db_recurrent_trace trace;
    float *x, *h, *dh, *dx, *logits, *mask;
    db_block *blocks;
    size_t block_count;
} bench;

static float *tensor(const bench *b, float *of, const char *name)
{
    return of + db_layout_find(&b->layout, name)->offset;
}

/* ---- Set up ---- */

static void make_text(bench *b, db_random *random)
{
    b->inputs = db_allocate(b->words * sizeof *b->inputs);
    b->targets = db_allocate(b->words * sizeof *b->targets);
    b->resets = db_allocate(b->words);
    for (size_t i = 0; i < b->words; i++) {
        b->inputs[i] = (uint16_t)db_random_below(random, b->config.vocab);
        b->targets[i] = (uint16_t)db_random_below(random, b->config.vocab);
        b->resets[i] = db_random_below(random, 16) == 0;
    }
}

static void make_layers(bench *b, bool half)
{
    const size_t hidden = b->config.hidden, gates = 4 * hidden, state = b->streams * hidden;
    db_linear_scratch *scratch = half ? &b->scratch : NULL;
    db_linear_make(&b->input, gates, b->config.embedding, b->words, scratch);
    db_linear_make(&b->recurrent, gates, hidden, b->words, scratch);
    db_linear_make(&b->output, b->config.vocab, hidden, b->words, scratch);
    b->trace = (db_recurrent_trace){.hidden = bench_noise(b->words * hidden + state),
                                    .cell = bench_noise(b->words * hidden + state),
                                    .gates = bench_noise(b->words * gates),
                                    .extra = bench_noise(b->words * hidden),
                                    .scratch = bench_noise(4 * state)};
    b->x = bench_noise(b->words * b->config.embedding);
    b->dx = bench_noise(b->words * b->config.embedding);
    b->h = bench_noise(b->words * hidden);
    b->dh = bench_noise(b->words * hidden);
    b->logits = bench_noise(db_dense_scratch(b->config.vocab, b->config.hidden));
    b->mask = bench_noise(gates * hidden);
}

static void make(bench *b, const db_model_config *config, const db_train_options *o)
{
    db_random random;
    db_random_seed(&random, 1);
    *b = (bench){.config = *config, .streams = o->batch / o->threads, .steps = o->window};
    b->words = (size_t)b->streams * b->steps;
    b->dropout = (db_dropout){.embedding = (real)o->drop_embedding,
                              .input = (real)o->drop_input,
                              .hidden = (real)o->drop_hidden,
                              .output = (real)o->drop_output,
                              .recurrent = (real)o->drop_recurrent};
    db_layout_make(&b->layout, config);
    b->parameters = db_allocate(b->layout.parameters * sizeof(float));
    db_train_initialize(config, 1, b->parameters);
    b->gradient = bench_noise(b->layout.parameters);
    b->other_gradient = bench_noise(b->layout.parameters);
    b->first = bench_noise(b->layout.parameters);
    b->second = db_allocate(b->layout.parameters * sizeof(float));
    b->average = bench_noise(b->layout.parameters);
    b->block_count = db_blocks_make(&b->layout, &b->blocks);
    b->pass = db_pass_new(config, b->streams, b->steps, o->half);
    make_text(b, &random);
    make_layers(b, o->half);
}

static void release(bench *b)
{
    float *arrays[] = {b->parameters,
                       b->gradient,
                       b->other_gradient,
                       b->first,
                       b->second,
                       b->average,
                       b->x,
                       b->dx,
                       b->h,
                       b->dh,
                       b->logits,
                       b->mask,
                       b->trace.hidden,
                       b->trace.cell,
                       b->trace.gates,
                       b->trace.extra,
                       b->trace.scratch};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    db_linear_free(&b->input);
    db_linear_free(&b->recurrent);
    db_linear_free(&b->output);
    db_linear_scratch_free(&b->scratch);
    db_pass_free(b->pass);
    free(b->inputs);
    free(b->targets);
    free(b->resets);
    free(b->blocks);
}

/* ---- Parts ---- */

static db_recurrent lstm(const bench *b)
{
    return (db_recurrent){.inputs = b->config.embedding,
                          .hidden = b->config.hidden,
                          .input = &b->input,
                          .recurrent = &b->recurrent,
                          .bias = tensor(b, b->parameters, "layers.0.bias")};
}

static db_recurrent_input lstm_input(const bench *b)
{
    return (db_recurrent_input){b->steps, b->streams, b->resets, b->x};
}

static void draw_masks(void *of)
{
    bench *b = of;
    db_random random;
    db_random_seed(&random, 1);
    const size_t recurrent = (size_t)4 * b->config.hidden * b->config.hidden;
    if (b->dropout.recurrent > 0) {
        db_dropout_mask(&random, b->dropout.recurrent, recurrent, b->mask);
    }
}

static void load_weights(void *of)
{
    bench *b = of;
    db_linear_load(&b->input, tensor(b, b->parameters, "layers.0.weight_input"), false);
    db_linear_load(&b->recurrent, tensor(b, b->parameters, "layers.0.weight_recurrent"), false);
    db_linear_load(&b->output, tensor(b, b->parameters, "output.weight"), false);
}

static void lstm_forward(void *of)
{
    bench *b = of;
    const db_recurrent layer = lstm(b);
    const db_recurrent_input input = lstm_input(b);
    db_lstm_forward(&layer, &input, &b->trace, b->h);
}

static void lstm_forward_products(void *of)
{
    bench *b = of;
    const size_t state = (size_t)b->streams * b->config.hidden;
    db_linear_forward(&b->input, b->words, b->x, tensor(b, b->parameters, "layers.0.bias"), b->trace.gates);
    for (uint32_t t = 0; t < b->steps; t++) {
        db_linear_product(&b->recurrent, b->streams, b->h + t * state, true, b->trace.gates + 4 * t * state);
    }
}

static void lstm_backward(void *of)
{
    bench *b = of;
    const db_recurrent layer = lstm(b);
    const db_recurrent_input input = lstm_input(b);
    const db_recurrent_gradient gradient = {.weight_input = tensor(b, b->gradient, "layers.0.weight_input"),
                                            .weight_recurrent = tensor(b, b->gradient, "layers.0.weight_recurrent"),
                                            .bias = tensor(b, b->gradient, "layers.0.bias")};
    db_lstm_backward(&layer, &input, &b->trace, b->dh, &gradient, b->dx);
}

static void lstm_backward_products(void *of)
{
    bench *b = of;
    const size_t state = (size_t)b->streams * b->config.hidden;
    for (uint32_t t = 1; t < b->steps; t++) {
        db_linear_backward_input(&b->recurrent, b->streams, b->trace.gates + 4 * t * state, b->trace.scratch);
    }
    db_linear_backward_weight(&b->recurrent, b->words, b->trace.gates, b->trace.hidden,
                              tensor(b, b->gradient, "layers.0.weight_recurrent"));
    db_linear_backward_weight(&b->input, b->words, b->trace.gates, b->x,
                              tensor(b, b->gradient, "layers.0.weight_input"));
    db_linear_backward_input(&b->input, b->words, b->trace.gates, b->dx);
}

static void output_layer(void *of)
{
    bench *b = of;
    const db_dense layer = {.vocab = b->config.vocab,
                            .hidden = b->config.hidden,
                            .linear = &b->output,
                            .bias = tensor(b, b->parameters, "output.bias")};
    db_dense_backward(&layer, b->words, b->h, b->targets, 1 / (float)b->words, b->logits, b->dh,
                      tensor(b, b->gradient, "output.weight"), tensor(b, b->gradient, "output.bias"));
}

static size_t chunk_length(const bench *b, size_t at)
{
    return b->words - at < DB_OUTPUT_CHUNK ? b->words - at : DB_OUTPUT_CHUNK;
}

static void output_forward(void *of)
{
    bench *b = of;
    const float *bias = tensor(b, b->parameters, "output.bias");
    for (size_t at = 0; at < b->words; at += DB_OUTPUT_CHUNK) {
        db_linear_forward(&b->output, chunk_length(b, at), b->h + at * b->config.hidden, bias, b->logits);
    }
}

static void output_backward_weight(void *of)
{
    bench *b = of;
    for (size_t at = 0; at < b->words; at += DB_OUTPUT_CHUNK) {
        db_linear_backward_weight(&b->output, chunk_length(b, at), b->logits, b->h + at * b->config.hidden,
                                  tensor(b, b->gradient, "output.weight"));
    }
}

static void output_backward_input(void *of)
{
    bench *b = of;
    for (size_t at = 0; at < b->words; at += DB_OUTPUT_CHUNK) {
        db_linear_backward_input(&b->output, chunk_length(b, at), b->logits, b->dh + at * b->config.hidden);
    }
}

static void whole_gradient(void *of)
{
    bench *b = of;
    const db_window window = {b->steps, b->inputs, b->targets, b->resets};
    db_pass_gradient(b->pass, b->parameters, &window, &b->dropout, 1, 1 / (float)b->words, b->gradient);
}

/* A thread's share of adding two shards' gradients up. */
static void gather(void *of)
{
    bench *b = of;
    float *const shards[2] = {b->gradient, b->other_gradient};
    for (size_t i = 0; i < b->block_count / 2; i++) {
        db_gradient_gather(&b->blocks[i], shards, 2);
    }
}

static void update(void *of)
{
    bench *b = of;
    const db_adam_step step = db_adam_step_make(1000, 1e-9, 0.9, 0.999, 1e-8, 0.03, 0.5, 1, 0.999);
    const db_adam_arrays arrays = {b->parameters, b->first, b->second, b->average};
    for (size_t i = 0; i < b->block_count / 2; i++) {
        db_adam_update(&step, &b->blocks[i], b->gradient, &arrays);
    }
}

/* ---- The table ---- */

void bench_profile_lstm(const db_model_config *config, const db_train_options *options, double seconds)
{
    const double e = config->embedding, h = config->hidden, v = config->vocab;
    const double inner = 2 * 4 * h * (e + h), outer = 2 * h * v;
    const bench_part parts[] = {
        {"masks of recurrent weights", draw_masks, 0, 1},
        {"weights made ready", load_weights, 0, 1},
        {"LSTM forward", lstm_forward, inner, 1},
        {"products alone", lstm_forward_products, inner, 2},
        {"LSTM backward", lstm_backward, 2 * inner, 1},
        {"products alone", lstm_backward_products, 2 * inner, 2},
        {"output, loss and gradients", output_layer, 3 * outer, 1},
        {"forward product alone", output_forward, outer, 2},
        {"backward to weights alone", output_backward_weight, outer, 2},
        {"backward to inputs alone", output_backward_input, outer, 2},
        {"loss and gradients", whole_gradient, 3 * (inner + outer), 0},
        {"sum of gradients, norm", gather, 0, 0},
        {"update", update, 0, 0},
    };
    bench b;
    make(&b, config, options);
    bench_print_parts(parts, sizeof parts / sizeof *parts, &b, (bench_scope){b.words, options->threads}, seconds);
    release(&b);
}
