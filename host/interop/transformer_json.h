/*
 * A transformer's part of config.json: the keys that Hugging Face's transformers library reads, which loads such a
 * model as "llama" (SwiGLU) or "arcee" (two matrices) with all gains of normalisation 1 (docs/MODEL_DIRECTORY.md).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_TRANSFORMER_JSON_H
#define DB_INTEROP_TRANSFORMER_JSON_H

#include <jansson.h>

#include "base/error.h"
#include "nn/config.h"

/* Adds the keys to `root`. `start`, `end`: token ids. */
void db_transformer_to_json(const db_model_config *config, uint16_t start, uint16_t end, json_t *root);

/* Reads them into `config`. Returns 0, or -1 with the error set. */
int db_transformer_from_json(db_model_config *config, const json_t *root, const char *where, db_error *error);

#endif
