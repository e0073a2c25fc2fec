/*
 * Writing images: given quantized tensors, a tokenizer section and texts, the bytes of
 * docs/FORMAT.md. What goes into them is decided elsewhere (pack.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_IMAGE_H
#define DB_PACK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dogberry.h"
#include "nn/config.h"

/* Roles and types of the tensor table. */
enum db_image_role {
    DB_ROLE_EMBEDDING = 1,
    DB_ROLE_INPUT = 2,
    DB_ROLE_RECURRENT = 3,
    DB_ROLE_BIAS = 4,
    DB_ROLE_RECURRENT_BIAS = 5,
    DB_ROLE_OUTPUT = 6,
    DB_ROLE_OUTPUT_BIAS = 7,
    DB_ROLE_TIED_SCALES = 8,
    DB_ROLE_CLASSES = 9,
    DB_ROLE_CLASS_BIAS = 10,
    DB_ROLE_PLACE_TOKENS = 11,
    DB_ROLE_TOKEN_PLACES = 12,
    DB_ROLE_CLASS_FIRST = 13,
    DB_ROLE_ATTENTION = 14,
    DB_ROLE_ATTENTION_OUTPUT = 15,
    DB_ROLE_INNER = 16,
    DB_ROLE_OUTER = 17,
    DB_ROLE_BLOCK_BIAS = 18,
    DB_ROLE_BLOCK_SCALES = 19,
    DB_ROLE_LAST_NORM = 20,
    DB_ROLE_ROTARY = 21
};
enum db_image_type {
    DB_TYPE_INT8_ROWS = 1,
    DB_TYPE_INT4_ROWS = 2,
    DB_TYPE_INT16 = 3,
    DB_TYPE_SCALES = 4,
    DB_TYPE_UINT16 = 5,
    DB_TYPE_UINT32 = 6
};

enum { DB_IMAGE_TENSORS_MAX = 128, DB_IMAGE_NAME_MAX = 32, DB_IMAGE_PROMPT_MAX = 96, DB_IMAGE_GOLDEN_MAX = 1024 };

/* One tensor; the memory is the caller's until the image is written. */
typedef struct {
    uint8_t role, layer, type, detail;
    bool by_column; /* of the outer matrix: its detail is 1 */
    uint32_t rows, cols, stride;
    const void *data;            /* [rows][stride] bytes; int4 rows: words [rows / 8, rounded up][stride / 4]; by
                                  * column: [cols][stride] bytes, or words */
    const uint32_t *scales;      /* [rows], matrices only */
    const uint8_t *group_scales; /* int4 only */
    uint32_t group_scale_bytes;
} db_image_tensor;

typedef struct {
    db_model_config config;
    uint32_t logit_frac, parameters;
    uint32_t norm_epsilon, key_bits; /* of a transformer */
    dogberry_sampling sampling;
    uint16_t start_token, end_token, unknown_token;
    const char *name; /* at most DB_IMAGE_NAME_MAX bytes */
    db_image_tensor tensors[DB_IMAGE_TENSORS_MAX];
    uint32_t tensor_count;
    const uint8_t *tokenizer;
    size_t tokenizer_bytes;
    const char *provenance; /* JSON text */
} db_image_parts;

/* Lays an image out, without a golden vector. Asserts on names too long and sizes beyond 4 GB.
 * The caller frees *bytes (16-byte aligned). */
void db_image_write(const db_image_parts *parts, uint8_t **bytes, size_t *length);

/* Puts a golden vector into an image: runs `tokens` (<= DB_IMAGE_GOLDEN_MAX) tokens after `prompt` (at most
 * DB_IMAGE_PROMPT_MAX bytes) with the runtime, sampling as the image says, and writes
 * prompt, seed, count, digest and the new checksum; then lets the runtime verify it.
 * Returns 0, or -1 with the error set (the runtime refuses the image). */
int db_image_set_golden(uint8_t *bytes, size_t length, const char *prompt, uint32_t seed, uint32_t tokens,
                        db_error *error);

#endif
