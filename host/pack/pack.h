/*
 * From a model directory to an image: calibrate, quantize, write, prove with a golden vector.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_PACK_H
#define DB_PACK_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "interop/model_dir.h"

typedef struct {
    const char *name;           /* of the image, at most 32 bytes of UTF-8; NULL: the model's own */
    dogberry_sampling sampling; /* that the image is to be sampled with unless told otherwise */
    const char *golden_prompt;  /* at most 96 bytes; NULL: the first words of the calibration text */
    uint32_t golden_seed;
    uint32_t golden_tokens; /* 1..1024 */
    const char *command;    /* kept in the provenance; NULL: none */
    uint32_t bits;          /* of the weights of all matrices: 8 or 4; 0: those that the model was tuned for, else 8 */
    const uint8_t
        *tensor_bits;  /* [layout.count] instead of `bits`: 8 or 4 for each matrix; NULL: none (pack/mixed.h) */
    bool fixed_scales; /* scales by the fixed rules of pack/quantize_fixed.h and pack/quantize_i4.h */
    uint32_t
        key_bits; /* of a transformer's keys in a session: 8 or 12; 0: 12 unless they take too much (docs/PACKING.md) */
    bool nearest; /* 4 bits: to the nearest integers instead of with error feedback (to compare with) */
    bool by_row;  /* all matrices, so that zeros of ReLU skip nothing: for boards whose vector units read rows faster */
} db_pack_options;

/* Bits as tuned, the sampling of word models, a golden vector of 32 tokens. */
void db_pack_defaults(db_pack_options *options);

/* What reads well with a tokenizer of this kind (docs/SAMPLING.md has samples). */
dogberry_sampling db_pack_sampling(enum dogberry_tokenizer_kind kind);

/* Bits of a transformer's keys in a session where the options do not say: 12 where it stays small with them, else 8. */
uint32_t db_pack_key_bits(const db_model_config *config);

/* Packs a model as an image. A model tuned for these bits is rounded as it was while it was tuned, and not
 * corrected further. Activations are calibrated on calibration_tokens [count], ids that a
 * document's end token closes; with count 0 on the model's own calibration text. The same model,
 * text and options make the same bytes. The caller frees *image (16-byte aligned).
 * Returns 0, or -1 with the error set: no text to calibrate on, an option out of range, a
 * layer kind without integer code, weights beyond what an image can say. */
int db_pack(const db_model_dir *model, const uint16_t *calibration_tokens, size_t count, const db_pack_options *options,
            void **image, size_t *bytes, db_error *error);

#endif
