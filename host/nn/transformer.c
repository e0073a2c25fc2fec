/*
 * The transformer's layers, forward and backward.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/transformer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"
#include "nn/rmsnorm.h"

/* What a layer leaves for the backward pass, and its keys and values of earlier windows. */
typedef struct {
    size_t at_qkv, at_o, at_up, at_down; /* offsets of the weights */
    db_linear qkv, o, up, down;
    real *norm1, *scale1;              /* [T][B][D], [T][B] */
    real *projected;                   /* [T][B][queries, keys, values] */
    real *log_sums;                    /* [B][heads][T] */
    real *attended;                    /* [T][B][D] */
    real *norm2, *scale2;              /* [T][B][D], [T][B] */
    real *inner;                       /* [T][B][feed-forward inputs] */
    real *cached_keys, *cached_values; /* [B][context][kv_heads d] */
    real *mask1, *mask2;               /* [B][D] */
    real *keep;                        /* [T][B][kv_heads] */
} layer_data;

struct db_transformer {
    db_model_config config;
    uint32_t streams, window, steps;
    uint32_t shared;     /* width of keys: kv_heads d */
    size_t inner, fused; /* widths: into the feed-forward function, and queries + keys + values */
    db_attention attention;
    db_linear_scratch scratch;
    layer_data layers[DB_LAYERS_MAX];
    uint32_t *first;    /* [B][T] */
    uint32_t *cached;   /* [B] how many */
    real *out, *scale;  /* [T][B][D], [T][B] */
    real *active;       /* [T][B][max(H, D)] */
    real *dx, *dbranch; /* [T][B][D] */
    real *dwide;        /* [T][B][the widest of a layer] */
    bool noisy;
    db_dropout dropout;
    const db_activation_rounding *rounding; /* NULL: none */
};

static real *allocate(size_t count)
{
    return db_allocate(count * sizeof(real));
}

static size_t offset(const db_layout *layout, uint32_t l, const char *name)
{
    return db_layout_find_block(layout, l, name)->offset;
}

static void layer_make(db_transformer *t, const db_layout *layout, uint32_t l, bool half)
{
    const db_model_config *c = &t->config;
    const size_t rows = (size_t)t->streams * t->window, width = c->embedding;
    const size_t cache = (size_t)t->streams * c->context * t->shared;
    layer_data *layer = &t->layers[l];
    db_linear_scratch *scratch = half ? &t->scratch : NULL;
    layer->at_qkv = offset(layout, l, "self_attn.q_proj");
    layer->at_o = offset(layout, l, "self_attn.o_proj");
    layer->at_up = offset(layout, l, c->feed_forward == DB_SWIGLU ? "mlp.gate_proj" : "mlp.up_proj");
    layer->at_down = offset(layout, l, "mlp.down_proj");
    db_linear_make(&layer->qkv, t->fused, width, rows, scratch);
    db_linear_make(&layer->o, width, width, rows, scratch);
    db_linear_make(&layer->up, t->inner, width, rows, scratch);
    db_linear_make(&layer->down, width, c->hidden, rows, scratch);
    layer->norm1 = allocate(rows * width);
    layer->scale1 = allocate(rows);
    layer->projected = allocate(rows * t->fused);
    layer->log_sums = allocate(rows * c->heads);
    layer->attended = allocate(rows * width);
    layer->norm2 = allocate(rows * width);
    layer->scale2 = allocate(rows);
    layer->inner = allocate(rows * t->inner);
    layer->cached_keys = allocate(cache);
    layer->cached_values = allocate(cache);
    layer->mask1 = allocate(t->streams * width);
    layer->mask2 = allocate(t->streams * width);
    layer->keep = allocate(rows * c->kv_heads);
}

db_transformer *db_transformer_new(const db_model_config *config, uint32_t streams, uint32_t window, bool half)
{
    db_transformer *t = db_allocate(sizeof *t);
    db_layout layout;
    const size_t rows = (size_t)streams * window, width = config->embedding;
    const uint32_t d = db_model_config_head(config);
    db_layout_make(&layout, config);
    t->config = *config;
    t->streams = streams;
    t->window = window;
    t->shared = config->kv_heads * d;
    t->fused = width + 2 * (size_t)t->shared;
    t->inner = db_feed_forward_inputs(config->feed_forward, config->hidden);
    db_attention_make(&t->attention, config->heads, config->kv_heads, d, config->context + window, config->rotary_base);
    for (uint32_t l = 0; l < config->layers; l++) {
        layer_make(t, &layout, l, half);
    }
    t->first = db_allocate(rows * sizeof *t->first);
    t->cached = db_allocate(streams * sizeof *t->cached);
    t->out = allocate(rows * width);
    t->scale = allocate(rows);
    t->active = allocate(rows * (config->hidden > width ? config->hidden : width));
    t->dx = allocate(rows * width);
    t->dbranch = allocate(rows * width);
    t->dwide = allocate(rows * (t->inner > t->fused ? t->inner : t->fused));
    return t;
}

static void layer_free(layer_data *layer)
{
    real *arrays[] = {layer->norm1, layer->scale1, layer->projected, layer->log_sums,    layer->attended,
                      layer->norm2, layer->scale2, layer->inner,     layer->cached_keys, layer->cached_values,
                      layer->mask1, layer->mask2,  layer->keep};
    db_linear_free(&layer->qkv);
    db_linear_free(&layer->o);
    db_linear_free(&layer->up);
    db_linear_free(&layer->down);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
}

void db_transformer_free(db_transformer *t)
{
    if (t == NULL) {
        return;
    }
    for (uint32_t l = 0; l < t->config.layers; l++) {
        layer_free(&t->layers[l]);
    }
    db_attention_free(&t->attention);
    db_linear_scratch_free(&t->scratch);
    free(t->first);
    free(t->cached);
    free(t->out);
    free(t->scale);
    free(t->active);
    free(t->dx);
    free(t->dbranch);
    free(t->dwide);
    free(t);
}

void db_transformer_load(db_transformer *t, const real *parameters, bool full)
{
    for (uint32_t l = 0; l < t->config.layers; l++) {
        layer_data *layer = &t->layers[l];
        db_linear_load(&layer->qkv, parameters + layer->at_qkv, full);
        db_linear_load(&layer->o, parameters + layer->at_o, full);
        db_linear_load(&layer->up, parameters + layer->at_up, full);
        db_linear_load(&layer->down, parameters + layer->at_down, full);
    }
}

void db_transformer_round(db_transformer *t, const db_activation_rounding *rounding)
{
    t->rounding = rounding;
}

void db_transformer_forget(db_transformer *t)
{
    memset(t->cached, 0, t->streams * sizeof *t->cached);
}

/* ---- Dropout ---- */

void db_transformer_noise(db_transformer *t, const db_dropout *dropout, db_random *random)
{
    const size_t masked = (size_t)t->streams * t->config.embedding;
    t->noisy = dropout != NULL;
    if (dropout == NULL) {
        return;
    }
    t->dropout = *dropout;
    for (uint32_t l = 0; l < t->config.layers; l++) {
        if (dropout->hidden > 0) {
            db_dropout_mask(random, dropout->hidden, masked, t->layers[l].mask1);
            db_dropout_mask(random, dropout->hidden, masked, t->layers[l].mask2);
        }
        if (dropout->attention > 0) {
            db_dropout_mask(random, dropout->attention, (size_t)t->streams * t->window * t->config.kv_heads,
                            t->layers[l].keep);
        }
    }
}

static bool drops_branches(const db_transformer *t)
{
    return t->noisy && t->dropout.hidden > 0;
}

static size_t rows_of(const db_transformer *t)
{
    return (size_t)t->steps * t->streams;
}

static void add(size_t count, const real *from, real *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] += from[i];
    }
}

/* x += what a branch gives, some of it dropped. */
static void add_branch(const db_transformer *t, const db_linear *linear, const real *mask, const real *in, real *x)
{
    const size_t rows = rows_of(t), width = t->config.embedding;
    if (!drops_branches(t)) {
        db_linear_product(linear, rows, in, true, x);
        return;
    }
    db_linear_product(linear, rows, in, false, t->dbranch);
    db_dropout_apply(t->steps, t->streams * width, mask, t->dbranch);
    add(rows * width, t->dbranch, x);
}

/* The gradient by what a branch gave: t->dx itself where nothing was dropped. */
static const real *branch_gradient(const db_transformer *t, const real *mask)
{
    const size_t count = rows_of(t) * t->config.embedding;
    if (!drops_branches(t)) {
        return t->dx;
    }
    memcpy(t->dbranch, t->dx, count * sizeof(real));
    db_dropout_apply(t->steps, (size_t)t->streams * t->config.embedding, mask, t->dbranch);
    return t->dbranch;
}

/* ---- Rounding ---- */

/* NULL: the layer's activations are not rounded. */
static const db_block_rounding *rounding_of(const db_transformer *t, const layer_data *layer)
{
    return t->rounding != NULL ? &t->rounding->blocks[layer - t->layers] : NULL;
}

/* What the feed-forward part's second matrix reads. */
static void activate(const db_transformer *t, const layer_data *layer)
{
    const size_t rows = rows_of(t), hidden = t->config.hidden;
    const db_block_rounding *rounding = rounding_of(t, layer);
    db_feed_forward_forward(t->config.feed_forward, rows, hidden, layer->inner, t->active);
    if (rounding != NULL) {
        db_round_inputs(rows * hidden, rounding->active, t->active);
    }
}

/* ---- What is seen ---- */

/* The first key that each query sees: none before a reset, and when the context is full its older half goes. */
static void find_first(const db_transformer *t, const uint8_t *resets, uint32_t stream, uint32_t before,
                       uint32_t *first)
{
    const uint32_t context = t->config.context;
    uint32_t start = 0;
    for (uint32_t step = 0; step < t->steps; step++) {
        const uint32_t own = before + step;
        if (resets[(size_t)step * t->streams + stream]) {
            start = own;
        } else if (own - start == context) {
            start += context - context / 2;
        }
        first[step] = start;
    }
}

static db_attention_stream stream_of(const db_transformer *t, const layer_data *layer, uint32_t b, bool carry)
{
    const size_t cache = (size_t)b * t->config.context * t->shared;
    const bool drops = t->noisy && t->dropout.attention > 0;
    const db_block_rounding *rounding = rounding_of(t, layer);
    return (db_attention_stream){
        .count = t->steps,
        .before = carry ? t->cached[b] : 0,
        .first = t->first + (size_t)b * t->window,
        .inputs = layer->projected + (size_t)b * t->fused,
        .cached_keys = layer->cached_keys + cache,
        .cached_values = layer->cached_values + cache,
        .keep = drops ? layer->keep + (size_t)b * t->config.kv_heads : NULL,
        .out = layer->attended + (size_t)b * t->config.embedding,
        .log_sums = layer->log_sums + (size_t)b * t->config.heads * t->window,
        .key_units = rounding != NULL ? rounding->keys : NULL,
        .value_units = rounding != NULL ? rounding->values : NULL,
        .key_most = rounding != NULL ? t->rounding->key_most : 0,
        .inputs_stride = t->streams * t->fused,
        .keep_stride = (size_t)t->streams * t->config.kv_heads,
        .out_stride = (size_t)t->streams * t->config.embedding,
        .log_sums_stride = t->window,
    };
}

/* Keeps the keys and values from `from` on, counted from the oldest in the cache. */
static void keep_seen(const db_transformer *t, layer_data *layer, uint32_t b, uint32_t from)
{
    const uint32_t before = t->cached[b], width = t->shared;
    const size_t bytes = width * sizeof(real), queries = t->config.embedding;
    real *keys = layer->cached_keys + (size_t)b * t->config.context * width;
    real *values = layer->cached_values + (size_t)b * t->config.context * width;
    const uint32_t old = from < before ? before - from : 0;
    memmove(keys, keys + (size_t)(before - old) * width, old * bytes);
    memmove(values, values + (size_t)(before - old) * width, old * bytes);
    uint32_t count = old;
    for (uint32_t step = from > before ? from - before : 0; step < t->steps; step++, count++) {
        const real *row = layer->projected + ((size_t)step * t->streams + b) * t->fused + queries;
        memcpy(keys + (size_t)count * width, row, bytes);
        memcpy(values + (size_t)count * width, row + width, bytes);
    }
}

static void carry_on(db_transformer *t)
{
    for (uint32_t b = 0; b < t->streams; b++) {
        const uint32_t from = t->first[(size_t)b * t->window + t->steps - 1];
        for (uint32_t l = 0; l < t->config.layers; l++) {
            keep_seen(t, &t->layers[l], b, from);
        }
        t->cached[b] = t->cached[b] + t->steps - from;
        assert(t->cached[b] <= t->config.context);
    }
}

/* ---- Forward and backward ---- */

static void layer_forward(const db_transformer *t, const layer_data *layer, real *x, bool carry)
{
    const size_t rows = rows_of(t), width = t->config.embedding;
    const db_block_rounding *rounding = rounding_of(t, layer);
    db_rmsnorm_forward(rows, width, x, layer->norm1, layer->scale1);
    if (rounding != NULL) {
        db_round_inputs(rows * width, rounding->norm1, layer->norm1);
    }
    db_linear_product(&layer->qkv, rows, layer->norm1, false, layer->projected);
    for (uint32_t b = 0; b < t->streams; b++) {
        const db_attention_stream stream = stream_of(t, layer, b, carry);
        db_attention_forward(&t->attention, &stream);
    }
    if (rounding != NULL) {
        db_round_inputs(rows * width, rounding->attended, layer->attended);
    }
    add_branch(t, &layer->o, layer->mask1, layer->attended, x);
    db_rmsnorm_forward(rows, width, x, layer->norm2, layer->scale2);
    if (rounding != NULL) {
        db_round_inputs(rows * width, rounding->norm2, layer->norm2);
    }
    db_linear_product(&layer->up, rows, layer->norm2, false, layer->inner);
    activate(t, layer);
    add_branch(t, &layer->down, layer->mask2, t->active, x);
}

const real *db_transformer_forward(db_transformer *t, uint32_t steps, const uint8_t *resets, real *x, bool carry)
{
    assert(steps >= 1 && steps <= t->window);
    t->steps = steps;
    for (uint32_t b = 0; b < t->streams; b++) {
        find_first(t, resets, b, carry ? t->cached[b] : 0, t->first + (size_t)b * t->window);
    }
    for (uint32_t l = 0; l < t->config.layers; l++) {
        layer_forward(t, &t->layers[l], x, carry);
    }
    if (carry) {
        carry_on(t);
    }
    db_rmsnorm_forward(rows_of(t), t->config.embedding, x, t->out, t->scale);
    if (t->rounding != NULL) {
        db_round_inputs(rows_of(t) * t->config.embedding, t->rounding->last, t->out);
    }
    return t->out;
}

static void feed_forward_backward(const db_transformer *t, const layer_data *layer, real *gradient)
{
    const size_t rows = rows_of(t), hidden = t->config.hidden;
    const real *dbranch = branch_gradient(t, layer->mask2);
    const db_block_rounding *rounding = rounding_of(t, layer);
    activate(t, layer);
    db_linear_backward_weight(&layer->down, rows, dbranch, t->active, gradient + layer->at_down);
    if (rounding != NULL) {
        memcpy(t->dwide, t->active, rows * hidden * sizeof(real));
    }
    db_linear_backward_input(&layer->down, rows, dbranch, t->active);
    if (rounding != NULL) {
        db_stop_cut_off(rows * hidden, rounding->active, t->dwide, t->active);
    }
    db_feed_forward_backward(t->config.feed_forward, rows, hidden, layer->inner, t->active, t->dwide);
    db_linear_backward_weight(&layer->up, rows, t->dwide, layer->norm2, gradient + layer->at_up);
    db_linear_backward_input(&layer->up, rows, t->dwide, t->dbranch);
    db_rmsnorm_backward(rows, t->config.embedding, layer->norm2, layer->scale2, t->dbranch, t->dx);
}

static void attention_backward(const db_transformer *t, const layer_data *layer, real *gradient)
{
    const size_t rows = rows_of(t), width = t->config.embedding;
    const real *dbranch = branch_gradient(t, layer->mask1);
    const db_block_rounding *rounding = rounding_of(t, layer);
    real *dattended = t->active; /* has room for either */
    db_linear_backward_weight(&layer->o, rows, dbranch, layer->attended, gradient + layer->at_o);
    db_linear_backward_input(&layer->o, rows, dbranch, dattended);
    if (rounding != NULL) {
        db_stop_cut_off(rows * width, rounding->attended, layer->attended, dattended);
    }
    for (uint32_t b = 0; b < t->streams; b++) {
        const db_attention_stream stream = stream_of(t, layer, b, false);
        db_attention_backward(&t->attention, &stream, dattended + b * width, t->dwide + b * t->fused);
    }
    db_linear_backward_weight(&layer->qkv, rows, t->dwide, layer->norm1, gradient + layer->at_qkv);
    db_linear_backward_input(&layer->qkv, rows, t->dwide, t->dbranch);
    db_rmsnorm_backward(rows, width, layer->norm1, layer->scale1, t->dbranch, t->dx);
}

void db_transformer_backward(db_transformer *t, const real *dout, real *gradient, real *dx)
{
    const size_t count = rows_of(t) * t->config.embedding;
    memset(t->dx, 0, count * sizeof(real));
    db_rmsnorm_backward(rows_of(t), t->config.embedding, t->out, t->scale, dout, t->dx);
    for (uint32_t l = t->config.layers; l-- > 0;) {
        feed_forward_backward(t, &t->layers[l], gradient);
        attention_backward(t, &t->layers[l], gradient);
    }
    memcpy(dx, t->dx, count * sizeof(real));
}
