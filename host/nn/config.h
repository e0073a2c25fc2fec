/*
 * What a model is made of: the sizes, and where each named tensor lies in the one flat
 * array that holds all parameters (and, laid out alike, gradients and moments).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_CONFIG_H
#define DB_NN_CONFIG_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "dogberry.h"

/* What stands between the two matrices of a transformer's feed-forward part (nn/feed_forward.h). */
enum db_feed_forward { DB_RELU = 1, DB_RELU2 = 2, DB_SWIGLU = 3, DB_SILU = 4 };

/* Returns whether a feed-forward function leaves zeros, whose columns of the second matrix can be left out. */
static inline bool db_is_rectified(uint32_t feed_forward)
{
    return feed_forward == DB_RELU || feed_forward == DB_RELU2;
}

/* DB_ROTARY_BASE is the presets': for contexts of at most 128 tokens it learns better than the usual 10000. */
enum { DB_LAYERS_MAX = 16, DB_CONTEXT_MAX = 4096, DB_ROTARY_BASE = 100 };

typedef struct {
    uint32_t architecture; /* enum dogberry_architecture */
    uint32_t output;       /* enum dogberry_output; a transformer's: dense (without bias) or tied */
    uint32_t vocab;        /* V */
    uint32_t embedding;    /* E; transformer: the width D of everything but the feed-forward part */
    uint32_t hidden;       /* H; transformer: of the feed-forward part */
    uint32_t layers;       /* L, 1..DOGBERRY_LAYERS_MAX; transformer: 1..DB_LAYERS_MAX */
    uint32_t classes;      /* C, factored output only */

    /* Transformer only, 0 in the others. */
    uint32_t heads;        /* divides D */
    uint32_t kv_heads;     /* heads of keys and values, divides `heads` */
    uint32_t context;      /* tokens that attention reaches back to at most, this one counted */
    uint32_t feed_forward; /* enum db_feed_forward */
    uint32_t rotary_base;  /* of the rotary positions' frequencies; 0: none, attention does not know positions */
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
 *   output.bias                 [V]             factored: by place
 *
 * A transformer's have the names of the Hugging Face llama models (rows of queries, keys and values by head):
 *   model.embed_tokens.weight                   [V][D]
 *   model.layers.N.self_attn.q_proj.weight      [D][D]
 *   model.layers.N.self_attn.k_proj.weight      [kv_heads * D / heads][D]
 *   model.layers.N.self_attn.v_proj.weight      [kv_heads * D / heads][D]
 *   model.layers.N.self_attn.o_proj.weight      [D][D]
 *   model.layers.N.mlp.gate_proj.weight         [H][D]  SwiGLU only
 *   model.layers.N.mlp.up_proj.weight           [H][D]
 *   model.layers.N.mlp.down_proj.weight         [D][H]
 *   lm_head.weight                              [V][D]  not for tied output */
enum { DB_TENSOR_NAME = 48 };

typedef struct {
    char name[DB_TENSOR_NAME];
    uint32_t rows, cols;
    size_t offset; /* in elements, into the flat array */
} db_tensor;

enum { DB_TENSORS_MAX = 2 + 7 * DB_LAYERS_MAX };

typedef struct {
    db_tensor tensors[DB_TENSORS_MAX];
    size_t count;
    size_t parameters; /* elements in all */
    size_t trained;    /* of these, learnt: all but output.order; what people call parameters */
} db_layout;

/* Checks the sizes (each 1..65535, vocab >= 16, layers in range, tied needs E = H, heads divide what they share).
 * Returns 0, or -1 with the error set, naming the field. */
int db_model_config_check(const db_model_config *config, db_error *error);

/* Lays the tensors of a checked config out, in the order of the list above. */
void db_layout_make(db_layout *layout, const db_model_config *config);

/* Returns the width of what the output layer reads: H, or a transformer's D. */
uint32_t db_model_config_width(const db_model_config *config);

/* Returns the width of one head of a transformer, D / heads. */
uint32_t db_model_config_head(const db_model_config *config);

/* Returns how many parameters a model of a checked config learns. */
size_t db_model_config_trained(const db_model_config *config);

/* Returns the tensor of that name; asserts that there is one. */
const db_tensor *db_layout_find(const db_layout *layout, const char *name);

/* Returns a transformer layer's tensor: layer 0-based, `name` as in "mlp.up_proj". */
const db_tensor *db_layout_find_block(const db_layout *layout, uint32_t layer, const char *name);

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
