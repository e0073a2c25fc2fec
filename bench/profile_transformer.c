/*
 * The parts of a step of a transformer, one by one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/attention.h"
#include "nn/dense.h"
#include "nn/feed_forward.h"
#include "nn/model.h"
#include "nn/rmsnorm.h"
#include "parts.h"
#include "train/batches.h"
#include "train/optimizer.h"

typedef struct {
    db_model_config config;
    db_layout layout;
    db_dropout dropout;
    uint32_t streams, steps; /* that go through the model together */
    uint32_t rounds;         /* so many times in a step */
    size_t rows;             /* streams * steps */
    size_t width, hidden, inner, fused;

    float *parameters, *gradient, *other_gradient, *first, *second, *average;
    uint16_t *inputs, *targets;
    uint8_t *resets;
    uint32_t *first_seen; /* [steps] zeros */
    db_pass *pass;

    db_linear qkv, o, up, down, output;
    db_linear_scratch scratch;
    db_attention attention;
    float *x, *norm, *scale, *projected, *log_sums, *attended, *active;
    float *dx, *dwide, *logits, *no_bias;
    db_block *blocks;
    size_t block_count;
} bench;

/* ---- Set up ---- */

static void make_text(bench *b)
{
    db_random random;
    db_random_seed(&random, 1);
    b->inputs = db_allocate(b->rows * sizeof *b->inputs);
    b->targets = db_allocate(b->rows * sizeof *b->targets);
    b->resets = db_allocate(b->rows);
    b->first_seen = db_allocate(b->steps * sizeof *b->first_seen);
    for (size_t i = 0; i < b->rows; i++) {
        b->inputs[i] = (uint16_t)db_random_below(&random, b->config.vocab);
        b->targets[i] = (uint16_t)db_random_below(&random, b->config.vocab);
    }
}

static const float *block_weight(const bench *b, const char *name)
{
    return b->parameters + db_layout_find_block(&b->layout, 0, name)->offset;
}

static void make_linear(bench *b, db_linear *linear, size_t rows, size_t cols, bool half, const float *weight)
{
    db_linear_make(linear, rows, cols, b->rows, half ? &b->scratch : NULL);
    db_linear_load(linear, weight, false);
}

static void make_layers(bench *b, bool half)
{
    const db_model_config *c = &b->config;
    const bool gated = c->feed_forward == DB_SWIGLU;
    const char *output = c->output == DOGBERRY_TIED ? "model.embed_tokens.weight" : "lm_head.weight";
    const size_t wide = b->inner > b->fused ? b->inner : b->fused;
    make_linear(b, &b->qkv, b->fused, b->width, half, block_weight(b, "self_attn.q_proj"));
    make_linear(b, &b->o, b->width, b->width, half, block_weight(b, "self_attn.o_proj"));
    make_linear(b, &b->up, b->inner, b->width, half, block_weight(b, gated ? "mlp.gate_proj" : "mlp.up_proj"));
    make_linear(b, &b->down, b->width, b->hidden, half, block_weight(b, "mlp.down_proj"));
    make_linear(b, &b->output, c->vocab, b->width, half, b->parameters + db_layout_find(&b->layout, output)->offset);
    db_attention_make(&b->attention, c->heads, c->kv_heads, db_model_config_head(c), b->steps, c->rotary_base);
    b->x = bench_noise(b->rows * b->width);
    b->norm = bench_noise(b->rows * b->width);
    b->scale = bench_noise(b->rows);
    b->projected = bench_noise(b->rows * wide);
    b->log_sums = bench_noise(b->streams * (size_t)c->heads * b->steps);
    b->attended = bench_noise(b->rows * b->width);
    b->active = bench_noise(b->rows * b->hidden);
    b->dx = bench_noise(b->rows * b->width);
    b->dwide = bench_noise(b->rows * wide);
    b->logits = bench_noise(db_dense_scratch(c->vocab, (uint32_t)b->width));
    b->no_bias = db_allocate(2 * (size_t)c->vocab * sizeof(float));
}

static void make(bench *b, const db_model_config *config, const db_train_options *o)
{
    const uint32_t streams = o->batch / o->threads;
    *b = (bench){.config = *config, .streams = db_streams_at_once(streams, o->window), .steps = o->window};
    b->rounds = streams / b->streams;
    b->rows = (size_t)b->streams * b->steps;
    b->width = config->embedding;
    b->hidden = config->hidden;
    b->inner = db_feed_forward_inputs(config->feed_forward, config->hidden);
    b->fused = b->width + 2 * (size_t)config->kv_heads * db_model_config_head(config);
    b->dropout = (db_dropout){.embedding = (real)o->drop_embedding,
                              .input = (real)o->drop_input,
                              .hidden = (real)o->drop_hidden,
                              .output = (real)o->drop_output,
                              .attention = (real)o->drop_attention};
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
    make_text(b);
    make_layers(b, o->half);
}

static void release(bench *b)
{
    void *arrays[] = {b->parameters, b->gradient,  b->other_gradient, b->first,      b->second, b->average,
                      b->inputs,     b->targets,   b->resets,         b->first_seen, b->x,      b->norm,
                      b->scale,      b->projected, b->log_sums,       b->attended,   b->active, b->dx,
                      b->dwide,      b->logits,    b->no_bias,        b->blocks};
    enum { LINEARS = 5 };
    db_linear *linears[LINEARS] = {&b->qkv, &b->o, &b->up, &b->down, &b->output};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    for (size_t i = 0; i < LINEARS; i++) {
        db_linear_free(linears[i]);
    }
    db_linear_scratch_free(&b->scratch);
    db_attention_free(&b->attention);
    db_pass_free(b->pass);
}

/* ---- Parts ---- */

/* Calls of a part of a layer in a step. */
static uint32_t calls(const bench *b)
{
    return b->rounds * b->config.layers;
}

static void norms(void *of)
{
    bench *b = of;
    for (uint32_t i = 0; i < 2 * calls(b); i++) {
        db_rmsnorm_forward(b->rows, b->width, b->x, b->norm, b->scale);
        db_rmsnorm_backward(b->rows, b->width, b->norm, b->scale, b->dx, b->attended);
    }
}

static void products_forward(void *of)
{
    bench *b = of;
    for (uint32_t i = 0; i < calls(b); i++) {
        db_linear_product(&b->qkv, b->rows, b->norm, false, b->projected);
        db_linear_product(&b->o, b->rows, b->attended, true, b->x);
        db_linear_product(&b->up, b->rows, b->norm, false, b->projected);
        db_linear_product(&b->down, b->rows, b->active, true, b->x);
    }
}

static void products_to_inputs(void *of)
{
    bench *b = of;
    for (uint32_t i = 0; i < calls(b); i++) {
        db_linear_backward_input(&b->down, b->rows, b->dx, b->active);
        db_linear_backward_input(&b->up, b->rows, b->dwide, b->norm);
        db_linear_backward_input(&b->o, b->rows, b->dx, b->attended);
        db_linear_backward_input(&b->qkv, b->rows, b->dwide, b->norm);
    }
}

static void products_to_weights(void *of)
{
    bench *b = of;
    for (uint32_t i = 0; i < calls(b); i++) {
        db_linear_backward_weight(&b->down, b->rows, b->dx, b->active, b->gradient);
        db_linear_backward_weight(&b->up, b->rows, b->dwide, b->norm, b->gradient);
        db_linear_backward_weight(&b->o, b->rows, b->dx, b->attended, b->gradient);
        db_linear_backward_weight(&b->qkv, b->rows, b->dwide, b->norm, b->gradient);
    }
}

static db_attention_stream stream_of(const bench *b, uint32_t stream)
{
    return (db_attention_stream){.count = b->steps,
                                 .first = b->first_seen,
                                 .inputs = b->projected + stream * b->fused,
                                 .out = b->attended + stream * b->width,
                                 .log_sums = b->log_sums + (size_t)stream * b->config.heads * b->steps,
                                 .inputs_stride = b->streams * b->fused,
                                 .out_stride = b->streams * b->width,
                                 .log_sums_stride = b->steps};
}

static void attention_forward(void *of)
{
    bench *b = of;
    for (uint32_t i = 0; i < calls(b) * b->streams; i++) {
        const db_attention_stream stream = stream_of(b, i % b->streams);
        db_attention_forward(&b->attention, &stream);
    }
}

static void attention_backward(void *of)
{
    bench *b = of;
    for (uint32_t i = 0; i < calls(b) * b->streams; i++) {
        const uint32_t s = i % b->streams;
        const db_attention_stream stream = stream_of(b, s);
        db_attention_backward(&b->attention, &stream, b->dx + s * b->width, b->dwide + s * b->fused);
    }
}

/* The trainer makes activations again on the way back. */
static void activations(void *of)
{
    bench *b = of;
    for (uint32_t i = 0; i < calls(b); i++) {
        db_feed_forward_forward(b->config.feed_forward, b->rows, b->hidden, b->projected, b->active);
        db_feed_forward_forward(b->config.feed_forward, b->rows, b->hidden, b->projected, b->active);
        db_feed_forward_backward(b->config.feed_forward, b->rows, b->hidden, b->projected, b->active, b->dwide);
    }
}

static void output_layer(void *of)
{
    bench *b = of;
    const db_dense layer = {
        .vocab = b->config.vocab, .hidden = (uint32_t)b->width, .linear = &b->output, .bias = b->no_bias};
    for (uint32_t i = 0; i < b->rounds; i++) {
        db_dense_backward(&layer, b->rows, b->norm, b->targets, 1 / (float)b->rows, b->logits, b->attended, b->gradient,
                          b->no_bias + b->config.vocab);
    }
}

static void whole_gradient(void *of)
{
    bench *b = of;
    const db_window window = {b->steps, b->inputs, b->targets, b->resets};
    for (uint32_t i = 0; i < b->rounds; i++) {
        (i == 0 ? db_pass_gradient : db_pass_gradient_add)(b->pass, b->parameters, &window, &b->dropout, 1,
                                                           1 / (float)b->rows, b->gradient);
    }
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

void bench_profile_transformer(const db_model_config *config, const db_train_options *options, double seconds)
{
    bench b;
    make(&b, config, options);
    const size_t layer = b.width * (b.fused + b.width + b.inner + b.hidden);
    const double inner = 2 * (double)(layer * config->layers), outer = 2 * (double)(b.width * config->vocab);
    const bench_part parts[] = {
        {"norms, forward and backward", norms, 0, 1},
        {"layers' products, forward", products_forward, inner, 1},
        {"to inputs", products_to_inputs, inner, 1},
        {"to weights", products_to_weights, inner, 1},
        {"attention, forward", attention_forward, 0, 1},
        {"attention, backward", attention_backward, 0, 1},
        {"activations", activations, 0, 1},
        {"output, loss and gradients", output_layer, 3 * outer, 1},
        {"loss and gradients", whole_gradient, 3 * (inner + outer), 0},
        {"sum of gradients, norm", gather, 0, 0},
        {"update", update, 0, 0},
    };
    bench_print_parts(parts, sizeof parts / sizeof *parts, &b, (bench_scope){b.rows * b.rounds, options->threads},
                      seconds);
    release(&b);
}
