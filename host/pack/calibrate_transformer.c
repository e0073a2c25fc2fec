/* SPDX-License-Identifier: MIT */
#include "pack/calibrate_transformer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/attention.h"
#include "nn/embedding.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"
#include "nn/rmsnorm.h"

typedef struct {
    db_linear qkv, o, up, down;
} layer_run;

/* A model at work; arrays are rows [context][...]. */
typedef struct {
    const db_model_config *config;
    const float *parameters;
    uint32_t width, hidden, head, shared; /* shared: width of keys */
    size_t fused, inner;
    db_layout layout;
    db_attention attention;
    layer_run *layers;
    db_linear output;
    uint32_t *first; /* zeros: a piece stands alone */
    float *x, *norm, *scale, *projected, *attended, *log_sums, *up, *active, *logits, *no_bias;
} model_run;

static float *rows(const model_run *run, size_t width)
{
    return db_allocate(run->config->context * width * sizeof(float));
}

static const float *block_tensor(const model_run *run, uint32_t layer, const char *name)
{
    return run->parameters + db_layout_find_block(&run->layout, layer, name)->offset;
}

/* In full precision: this is what the image is compared with. */
static void start_linear(const model_run *run, db_linear *linear, size_t height, size_t width, const float *weight)
{
    db_linear_make(linear, height, width, run->config->context, NULL);
    db_linear_load(linear, weight, true);
}

static void start_run(model_run *run, const db_model_config *config, const float *parameters)
{
    const uint32_t d = db_model_config_head(config), shared = config->kv_heads * d;
    *run = (model_run){.config = config,
                       .parameters = parameters,
                       .width = config->embedding,
                       .hidden = config->hidden,
                       .head = d,
                       .shared = shared,
                       .fused = config->embedding + 2 * (size_t)shared,
                       .inner = db_feed_forward_inputs(config->feed_forward, config->hidden)};
    db_layout_make(&run->layout, config);
    db_attention_make(&run->attention, config->heads, config->kv_heads, d, config->context, config->rotary_base);
    run->layers = db_allocate(config->layers * sizeof *run->layers);
    for (uint32_t l = 0; l < config->layers; l++) {
        layer_run *layer = &run->layers[l];
        const bool gated = config->feed_forward == DB_SWIGLU;
        start_linear(run, &layer->qkv, run->fused, run->width, block_tensor(run, l, "self_attn.q_proj"));
        start_linear(run, &layer->o, run->width, run->width, block_tensor(run, l, "self_attn.o_proj"));
        start_linear(run, &layer->up, run->inner, run->width,
                     block_tensor(run, l, gated ? "mlp.gate_proj" : "mlp.up_proj"));
        start_linear(run, &layer->down, run->width, run->hidden, block_tensor(run, l, "mlp.down_proj"));
    }
    const char *output = config->output == DOGBERRY_TIED ? "model.embed_tokens.weight" : "lm_head.weight";
    start_linear(run, &run->output, config->vocab, run->width,
                 parameters + db_layout_find(&run->layout, output)->offset);
    run->first = db_allocate(config->context * sizeof *run->first);
    run->x = rows(run, run->width);
    run->norm = rows(run, run->width);
    run->scale = rows(run, 1);
    run->projected = rows(run, run->fused);
    run->attended = rows(run, run->width);
    run->log_sums = rows(run, config->heads);
    run->up = rows(run, run->inner);
    run->active = rows(run, run->hidden);
    run->logits = rows(run, config->vocab);
    run->no_bias = db_allocate(config->vocab * sizeof(float));
}

static void end_run(model_run *run)
{
    float *arrays[] = {run->x,        run->norm, run->scale,  run->projected, run->attended,
                       run->log_sums, run->up,   run->active, run->logits,    run->no_bias};
    for (uint32_t l = 0; l < run->config->layers; l++) {
        db_linear_free(&run->layers[l].qkv);
        db_linear_free(&run->layers[l].o);
        db_linear_free(&run->layers[l].up);
        db_linear_free(&run->layers[l].down);
    }
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    db_linear_free(&run->output);
    db_attention_free(&run->attention);
    free(run->layers);
    free(run->first);
}

/* ---- What is seen ---- */

static void see_all(db_range *range, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        db_range_add(range, values[i]);
}

/* ranges [width] of values [steps][stride]. */
static void see_columns(db_range *ranges, const float *values, uint32_t steps, size_t width, size_t stride)
{
    for (uint32_t t = 0; t < steps; t++)
        for (size_t c = 0; c < width; c++)
            db_range_add(&ranges[c], values[t * stride + c]);
}

/* Lengths of the pairs of `heads` heads, in values [steps][stride]. */
static void see_pairs(const model_run *run, db_range *ranges, const float *values, uint32_t steps, uint32_t heads)
{
    const uint32_t pairs = run->head / 2, places = run->head - pairs;
    for (uint32_t t = 0; t < steps; t++)
        for (uint32_t h = 0; h < heads; h++) {
            const float *head = values + t * run->fused + (size_t)h * run->head;
            for (uint32_t p = 0; p < places; p++)
                db_range_add(&ranges[h * places + p], p < pairs ? hypotf(head[p], head[p + pairs]) : head[2 * pairs]);
        }
}

static void see_stream(const model_run *run, uint32_t steps, db_calibration *out)
{
    for (size_t i = 0; i < (size_t)steps * run->width; i++)
        out->stream_max = fmax(out->stream_max, fabs((double)run->x[i]));
}

static void run_attention(const model_run *run, uint32_t steps)
{
    const db_attention_stream stream = {
        .count = steps,
        .first = run->first,
        .inputs = run->projected,
        .out = run->attended,
        .log_sums = run->log_sums,
        .inputs_stride = run->fused,
        .out_stride = run->width,
        .log_sums_stride = run->config->context,
    };
    db_attention_forward(&run->attention, &stream);
}

static void run_layer(model_run *run, uint32_t index, uint32_t steps, db_calibration *out)
{
    const layer_run *layer = &run->layers[index];
    struct db_block_calibration *seen = &out->blocks[index];
    const size_t width = run->width;
    db_rmsnorm_forward(steps, width, run->x, run->norm, run->scale);
    db_moments_add(&seen->norm1, run->norm, steps);
    see_all(&seen->norm1_range, run->norm, steps * width);
    db_linear_product(&layer->qkv, steps, run->norm, false, run->projected);
    see_pairs(run, seen->queries, run->projected, steps, run->config->heads);
    see_pairs(run, seen->keys, run->projected + width, steps, run->config->kv_heads);
    see_columns(seen->values, run->projected + width + run->shared, steps, run->shared, run->fused);
    run_attention(run, steps);
    db_moments_add(&seen->attended, run->attended, steps);
    see_columns(seen->attended_range, run->attended, steps, width, width);
    db_linear_product(&layer->o, steps, run->attended, true, run->x);
    see_stream(run, steps, out);
    db_rmsnorm_forward(steps, width, run->x, run->norm, run->scale);
    db_moments_add(&seen->norm2, run->norm, steps);
    see_all(&seen->norm2_range, run->norm, steps * width);
    db_linear_product(&layer->up, steps, run->norm, false, run->up);
    db_feed_forward_forward(run->config->feed_forward, steps, run->hidden, run->up, run->active);
    db_moments_add(&seen->active, run->active, steps);
    see_columns(seen->active_range, run->active, steps, run->hidden, run->hidden);
    db_linear_product(&layer->down, steps, run->active, true, run->x);
    see_stream(run, steps, out);
}

static void run_piece(model_run *run, const uint16_t *tokens, uint32_t steps, db_calibration *out)
{
    const db_model_config *config = run->config;
    db_embedding_forward(steps, config->embedding, tokens,
                         run->parameters + db_layout_find(&run->layout, "model.embed_tokens.weight")->offset, NULL,
                         run->x);
    see_stream(run, steps, out);
    for (uint32_t l = 0; l < config->layers; l++)
        run_layer(run, l, steps, out);
    db_rmsnorm_forward(steps, run->width, run->x, run->norm, run->scale);
    db_moments_add(&out->last, run->norm, steps);
    see_all(&out->last_range, run->norm, (size_t)steps * run->width);
    db_linear_forward(&run->output, steps, run->norm, run->no_bias, run->logits);
    for (size_t i = 0; i < (size_t)steps * config->vocab; i++)
        out->logit_max = fmax(out->logit_max, fabs((double)run->logits[i]));
}

/* ---- The whole ---- */

static void start_blocks(db_calibration *out, const db_model_config *config)
{
    const uint32_t d = db_model_config_head(config), places = d - d / 2;
    out->block_count = config->layers;
    out->blocks = db_allocate(config->layers * sizeof *out->blocks);
    db_moments_start(&out->last, config->embedding);
    for (uint32_t l = 0; l < config->layers; l++) {
        struct db_block_calibration *block = &out->blocks[l];
        db_moments_start(&block->norm1, config->embedding);
        db_moments_start(&block->attended, config->embedding);
        db_moments_start(&block->norm2, config->embedding);
        db_moments_start(&block->active, config->hidden);
        block->queries = db_allocate((size_t)config->heads * places * sizeof(db_range));
        block->keys = db_allocate((size_t)config->kv_heads * places * sizeof(db_range));
        block->values = db_allocate((size_t)config->kv_heads * d * sizeof(db_range));
        block->attended_range = db_allocate(config->embedding * sizeof(db_range));
        block->active_range = db_allocate(config->hidden * sizeof(db_range));
    }
}

static void end_moments(db_calibration *out)
{
    db_moments_end(&out->last, out->tokens);
    for (uint32_t l = 0; l < out->block_count; l++) {
        db_moments_end(&out->blocks[l].norm1, out->tokens);
        db_moments_end(&out->blocks[l].attended, out->tokens);
        db_moments_end(&out->blocks[l].norm2, out->tokens);
        db_moments_end(&out->blocks[l].active, out->tokens);
    }
}

void db_calibrate_transformer(db_calibration *out, const db_model_config *config, const float *parameters,
                              uint16_t start_token, uint16_t end_token, const uint16_t *ids, size_t count)
{
    assert(count > 0);
    *out = (db_calibration){.tokens = count, .counts = db_allocate(config->vocab * sizeof(double))};
    start_blocks(out, config);

    /* As in db_calibrate(): one thread's sums are the same everywhere. */
    const int threads = db_linear_set_threads(1);
    model_run run;
    start_run(&run, config, parameters);
    uint16_t *tokens = db_allocate(config->context * sizeof *tokens), fed = start_token;
    uint32_t steps = 0;
    for (size_t at = 0; at < count; at++) {
        tokens[steps++] = fed;
        out->counts[fed]++;
        const bool ends = end_token != DOGBERRY_NO_TOKEN && ids[at] == end_token;
        if (ends || steps == config->context || at + 1 == count) {
            run_piece(&run, tokens, steps, out);
            steps = 0;
        }
        fed = ends ? start_token : ids[at];
    }
    free(tokens);
    end_run(&run);
    (void)db_linear_set_threads(threads);
    end_moments(out);
}

void db_calibration_free_blocks(db_calibration *calibration)
{
    for (uint32_t l = 0; l < calibration->block_count; l++) {
        struct db_block_calibration *block = &calibration->blocks[l];
        db_moments_free(&block->norm1);
        db_moments_free(&block->attended);
        db_moments_free(&block->norm2);
        db_moments_free(&block->active);
        free(block->queries);
        free(block->keys);
        free(block->values);
        free(block->attended_range);
        free(block->active_range);
    }
    free(calibration->blocks);
    db_moments_free(&calibration->last);
}
