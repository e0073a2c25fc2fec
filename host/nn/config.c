/*
 * Sizes, the layout of parameters, and the presets.
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

int db_model_config_check(const db_model_config *config, db_error *error)
{
    if (check_range("architecture", config->architecture, DOGBERRY_LSTM, DOGBERRY_GRU, error) ||
        check_range("output", config->output, DOGBERRY_DENSE, DOGBERRY_FACTORED, error) ||
        check_range("vocab", config->vocab, 16, 65535, error) ||
        check_range("embedding", config->embedding, 1, 65535, error) ||
        check_range("hidden", config->hidden, 1, 65535, error) ||
        check_range("layers", config->layers, 1, DOGBERRY_LAYERS_MAX, error)) {
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
    char full[40];
    snprintf(full, sizeof full, "layers.%u.%s", layer, name);
    add_tensor(layout, full, rows, cols);
}

void db_layout_make(db_layout *layout, const db_model_config *config)
{
    const uint32_t hidden = config->hidden;
    const uint32_t gates = (config->architecture == DOGBERRY_LSTM ? 4 : 3) * hidden;
    memset(layout, 0, sizeof *layout);
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

static const db_preset presets[] = {{"dogberry",
                                     "4000 words, LSTM 256: 1.6 M parameters, fills a 2 MB flash as int8",
                                     {DOGBERRY_LSTM, DOGBERRY_DENSE, 4000, 64, 256, 1, 0},
                                     DOGBERRY_WORD},
                                    {"dogberry-fast",
                                     "the same with a class-factored output: a word reads a twentieth of its rows",
                                     {DOGBERRY_LSTM, DOGBERRY_FACTORED, 4000, 64, 256, 1, 64},
                                     DOGBERRY_WORD},
                                    {"word-1k",
                                     "1000 words, LSTM 128: for small texts and fast boards",
                                     {DOGBERRY_LSTM, DOGBERRY_DENSE, 1000, 64, 128, 1, 0},
                                     DOGBERRY_WORD},
                                    {"word-8k",
                                     "8000 words, LSTM 256: rarer words, 4 MB flash as int8",
                                     {DOGBERRY_LSTM, DOGBERRY_DENSE, 8000, 64, 256, 1, 0},
                                     DOGBERRY_WORD},
                                    {"char",
                                     "52 characters, LSTM 128: the smallest, spells every word",
                                     {DOGBERRY_LSTM, DOGBERRY_DENSE, 52, 32, 128, 1, 0},
                                     DOGBERRY_CHAR},
                                    {NULL, NULL, {0, 0, 0, 0, 0, 0, 0}, 0}};

const db_preset *db_presets(void)
{
    return presets;
}

const db_preset *db_preset_find(const char *name)
{
    for (const db_preset *preset = presets; preset->name != NULL; preset++) {
        if (strcmp(preset->name, name) == 0) {
            return preset;
        }
    }
    return NULL;
}
