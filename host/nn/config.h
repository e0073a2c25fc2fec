/*
 * What a model is made of: the sizes, and where each named tensor lies in the one flat
 * array that holds all parameters (and, laid out alike, gradients and moments).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_CONFIG_H
#define DB_NN_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dogberry.h"

typedef struct {
    uint32_t architecture; /* enum dogberry_architecture */
    uint32_t output;       /* enum dogberry_output */
    uint32_t vocab;        /* V */
    uint32_t embedding;    /* E */
    uint32_t hidden;       /* H */
    uint32_t layers;       /* L, 1..DOGBERRY_LAYERS_MAX */
    uint32_t classes;      /* C, factored output only */
} db_model_config;

/* Row-major [rows][cols]; a vector has cols = 1. Names, as saved in model.safetensors:
 *   embedding.weight            [V][E]
 *   layers.N.weight_input       [G*H][E or H]   gates in the order i f g o (LSTM), r z n (GRU)
 *   layers.N.weight_recurrent   [G*H][H]
 *   layers.N.bias               [G*H]
 *   layers.N.bias_recurrent     [H]             GRU only: the new gate's, inside the reset product
 *   output.class_weight         [C][H]          factored output only: see nn/factored.h
 *   output.class_bias           [C]             factored output only
 *   output.order                [V]             factored output only: tokens by place, not trained
 *   output.weight               [V][H]          not for tied output; factored: rows by place
 *   output.bias                 [V]             factored: by place */
typedef struct {
    char name[40];
    uint32_t rows, cols;
    size_t offset; /* in elements, into the flat array */
} db_tensor;

enum { DB_TENSORS_MAX = 4 + 6 * DOGBERRY_LAYERS_MAX + 4 };

typedef struct {
    db_tensor tensors[DB_TENSORS_MAX];
    size_t count;
    size_t parameters; /* elements in all */
    size_t trained;    /* of these, learnt: all but output.order; what people call parameters */
} db_layout;

/* Checks the sizes (each 1..65535, vocab >= 16, layers in range, tied needs E = H).
 * Returns 0, or -1 with the error set, naming the field. */
int db_model_config_check(const db_model_config *config, db_error *error);

/* Lays the tensors of a checked config out, in the order of the list above. */
void db_layout_make(db_layout *layout, const db_model_config *config);

/* Returns how many parameters a model of a checked config learns. */
size_t db_model_config_trained(const db_model_config *config);

/* Returns the tensor of that name; asserts that there is one. */
const db_tensor *db_layout_find(const db_layout *layout, const char *name);

typedef struct {
    const char *name;
    const char *purpose; /* one line for --help */
    db_model_config config;
    uint32_t tokenizer; /* enum dogberry_tokenizer_kind */
} db_preset;

/* The presets, ending with one whose name is NULL. */
const db_preset *db_presets(void);

/* Returns the preset, or NULL. */
const db_preset *db_preset_find(const char *name);

#endif
