/*
 * Rounding for quantization-aware training: the weights as an image keeps them. db_pack() of a model whose
 * `tuned` says the same bits and unit makes exactly these integers (docs/PACKING.md, "Tuning").
 *
 * What is rounded: all matrices by the fixed rules (pack/quantize_fixed.h, pack/quantize_i4.h), with 8 bits the rows
 * of a recurrent model's embedding that is not tied by one unit for all; embedded inputs in that unit and layers'
 * outputs in Q0.7, in transformers what the matrices read and the cache holds (nn/rounding.h). What is not, because its
 * 16 bits do not show in the loss: biases, gates, cells and logits, a transformer's stream, queries and inner products.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_ROUNDING_H
#define DB_TRAIN_ROUNDING_H

#include "interop/model_dir.h"
#include "train/train.h"

typedef struct {
    const db_model_config *config;
    const db_sequence *text;
    db_layout layout;
    db_tuned kind;
    uint32_t threads;
    db_activation_rounding activations;
    db_block_rounding *blocks; /* a transformer's [layers] */
    float *units;              /* theirs of keys and values [layers][2][kv_heads d] */
    char description[64];
} db_weight_rounding;

/* For weights like `parameters` in `bits` 8 or 4, rounded by `threads` threads. The unit of embedded inputs is the one
 * of the least squared error with words counted as in `text`; it stays. A transformer's parameters are changed to
 * others that compute the same (pack/equalize.h), and the units of its activations are measured on the beginning of
 * `text`. `config` and `text` must outlive `out`. Free with db_weight_rounding_free(). */
void db_weight_rounding_make(db_weight_rounding *out, const db_model_config *config, float *parameters,
                             const db_sequence *text, uint32_t bits, uint32_t threads);

void db_weight_rounding_free(db_weight_rounding *rounding);

/* rounded [layout.parameters] = parameters [layout.parameters], matrices as an image keeps them. */
void db_round_weights(const db_weight_rounding *rounding, const float *parameters, float *rounded);

/* Returns the same for db_train_options; `rounding` must outlive the run. */
db_train_rounding db_weight_rounding_for_training(db_weight_rounding *rounding);

/* For tuning for `bits` (32: without rounding): lowers the rate, shortens warm-up and average, as a trained model is to
 * be adapted, not trained anew. A transformer's weights no longer decay, and those of 4 bits settle. Dropout stays:
 * with less of it a model that is at its best begins to learn its text by heart. */
void db_tune_defaults(db_train_options *options, const db_model_config *config, size_t tokens, uint32_t bits);

#endif
