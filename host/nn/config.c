/*
 * Sizes and the layout of parameters.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static int check_range(const char *field, uint32_t value, uint32_t low, uint32_t high, db_error *error)
{
    if (value < low || value > high) {
        return db_fail(error, "model config: %s is %u; it must be %u to %u", field, value, low, high);
    }
    return 0;
}

static int check_recurrent(const db_model_config *config, db_error *error)
{
    if (check_range("layers", config->layers, 1, DOGBERRY_LAYERS_MAX, error) ||
        check_range("heads (only of a transformer)", config->heads, 0, 0, error) ||
        check_range("kv_heads (only of a transformer)", config->kv_heads, 0, 0, error) ||
        check_range("context (only of a transformer)", config->context, 0, 0, error) ||
        check_range("feed_forward (only of a transformer)", config->feed_forward, 0, 0, error) ||
        check_range("rotary_base (only of a transformer)", config->rotary_base, 0, 0, error)) {
        return -1;
    }
    if (config->output == DOGBERRY_TIED && config->embedding != config->hidden) {
        return db_fail(error, "model config: tied output needs embedding = hidden, not %u and %u", config->embedding,
                       config->hidden);
    }
    if (config->output == DOGBERRY_FACTORED) {
        return check_range("classes", config->classes, 2, config->vocab, error);
    }
    return check_range("classes (only for factored output)", config->classes, 0, 0, error);
}

static int check_transformer(const db_model_config *config, db_error *error)
{
    if (check_range("layers", config->layers, 1, DB_LAYERS_MAX, error) ||
        check_range("output (a transformer's: dense or tied)", config->output, DOGBERRY_DENSE, DOGBERRY_TIED, error) ||
        check_range("classes (only for factored output)", config->classes, 0, 0, error) ||
        check_range("heads", config->heads, 1, config->embedding, error) ||
        check_range("kv_heads", config->kv_heads, 1, config->heads, error) ||
        check_range("context", config->context, 1, DB_CONTEXT_MAX, error) ||
        check_range("feed_forward", config->feed_forward, DB_RELU, DB_SILU, error) ||
        check_range("rotary_base", config->rotary_base, 0, 100000000, error)) {
        return -1;
    }
    if (config->embedding % config->heads != 0) {
        return db_fail(error, "model config: %u heads do not divide the width %u", config->heads, config->embedding);
    }
    if (config->heads % config->kv_heads != 0) {
        return db_fail(error, "model config: %u heads of keys and values do not divide the %u heads", config->kv_heads,
                       config->heads);
    }
    return 0;
}

int db_model_config_check(const db_model_config *config, db_error *error)
{
    if (check_range("architecture", config->architecture, DOGBERRY_LSTM, DOGBERRY_TRANSFORMER, error) ||
        check_range("output", config->output, DOGBERRY_DENSE, DOGBERRY_FACTORED, error) ||
        check_range("vocab", config->vocab, 16, 65535, error) ||
        check_range("embedding", config->embedding, 1, 65535, error) ||
        check_range("hidden", config->hidden, 1, 65535, error)) {
        return -1;
    }
    return config->architecture == DOGBERRY_TRANSFORMER ? check_transformer(config, error)
                                                        : check_recurrent(config, error);
}

uint32_t db_model_config_width(const db_model_config *config)
{
    return config->architecture == DOGBERRY_TRANSFORMER ? config->embedding : config->hidden;
}

uint32_t db_model_config_head(const db_model_config *config)
{
    return config->embedding / config->heads;
}

static void add_tensor(db_layout *layout, const char *name, uint32_t rows, uint32_t cols)
{
    assert(layout->count < DB_TENSORS_MAX);
    db_tensor *tensor = &layout->tensors[layout->count++];
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->rows = rows;
    tensor->cols = cols;
    tensor->offset = layout->parameters;
    layout->parameters += (size_t)rows * cols;
}

static void add_layer_tensor(db_layout *layout, uint32_t layer, const char *name, uint32_t rows, uint32_t cols)
{
    char full[DB_TENSOR_NAME];
    snprintf(full, sizeof full, "layers.%u.%s", layer, name);
    add_tensor(layout, full, rows, cols);
}

static void block_name(char full[DB_TENSOR_NAME], uint32_t layer, const char *name)
{
    snprintf(full, DB_TENSOR_NAME, "model.layers.%u.%s.weight", layer, name);
}

static void add_block_tensor(db_layout *layout, uint32_t layer, const char *name, uint32_t rows, uint32_t cols)
{
    char full[DB_TENSOR_NAME];
    block_name(full, layer, name);
    add_tensor(layout, full, rows, cols);
}

/* Queries, keys and values follow one another, and so do gate and up: each group is one product. */
static void lay_out_transformer(db_layout *layout, const db_model_config *config)
{
    const uint32_t width = config->embedding, hidden = config->hidden;
    const uint32_t shared = config->kv_heads * db_model_config_head(config);
    add_tensor(layout, "model.embed_tokens.weight", config->vocab, width);
    for (uint32_t l = 0; l < config->layers; l++) {
        add_block_tensor(layout, l, "self_attn.q_proj", width, width);
        add_block_tensor(layout, l, "self_attn.k_proj", shared, width);
        add_block_tensor(layout, l, "self_attn.v_proj", shared, width);
        add_block_tensor(layout, l, "self_attn.o_proj", width, width);
        if (config->feed_forward == DB_SWIGLU) {
            add_block_tensor(layout, l, "mlp.gate_proj", hidden, width);
        }
        add_block_tensor(layout, l, "mlp.up_proj", hidden, width);
        add_block_tensor(layout, l, "mlp.down_proj", width, hidden);
    }
    if (config->output != DOGBERRY_TIED) {
        add_tensor(layout, "lm_head.weight", config->vocab, width);
    }
    layout->trained = layout->parameters;
}

static void lay_out_recurrent(db_layout *layout, const db_model_config *config)
{
    const uint32_t hidden = config->hidden;
    const uint32_t gates = (config->architecture == DOGBERRY_LSTM ? 4 : 3) * hidden;
    add_tensor(layout, "embedding.weight", config->vocab, config->embedding);
    for (uint32_t l = 0; l < config->layers; l++) {
        add_layer_tensor(layout, l, "weight_input", gates, l == 0 ? config->embedding : hidden);
        add_layer_tensor(layout, l, "weight_recurrent", gates, hidden);
        add_layer_tensor(layout, l, "bias", gates, 1);
        if (config->architecture == DOGBERRY_GRU) {
            add_layer_tensor(layout, l, "bias_recurrent", hidden, 1);
        }
    }
    if (config->output == DOGBERRY_FACTORED) {
        add_tensor(layout, "output.class_weight", config->classes, hidden);
        add_tensor(layout, "output.class_bias", config->classes, 1);
        add_tensor(layout, "output.order", config->vocab, 1);
    }
    if (config->output != DOGBERRY_TIED) {
        add_tensor(layout, "output.weight", config->vocab, hidden);
    }
    add_tensor(layout, "output.bias", config->vocab, 1);
    layout->trained = layout->parameters - (config->output == DOGBERRY_FACTORED ? config->vocab : 0);
}

void db_layout_make(db_layout *layout, const db_model_config *config)
{
    memset(layout, 0, sizeof *layout);
    (config->architecture == DOGBERRY_TRANSFORMER ? lay_out_transformer : lay_out_recurrent)(layout, config);
}

size_t db_model_config_trained(const db_model_config *config)
{
    db_layout layout;
    db_layout_make(&layout, config);
    return layout.trained;
}

const db_tensor *db_layout_find(const db_layout *layout, const char *name)
{
    for (size_t i = 0; i < layout->count; i++) {
        if (strcmp(layout->tensors[i].name, name) == 0) {
            return &layout->tensors[i];
        }
    }
    assert(0 && "no such tensor");
    return NULL;
}

const db_tensor *db_layout_find_block(const db_layout *layout, uint32_t layer, const char *name)
{
    char full[DB_TENSOR_NAME];
    block_name(full, layer, name);
    return db_layout_find(layout, full);
}
