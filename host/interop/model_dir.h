/*
 * A model directory: what training writes and every other command reads.
 *   model.safetensors   float32 tensors (names in nn/config.h)
 *   tokenizer.json      Hugging Face tokenizers layout
 *   config.json         sizes, token ids, display forms, how it was trained
 *   calibration.txt     an excerpt of the training text, for `dogberry pack`
 * history.jsonl and curve.svg are the trainer's own. docs/MODEL_DIRECTORY.md says more.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_MODEL_DIR_H
#define DB_INTEROP_MODEL_DIR_H

#include "nn/config.h"
#include "text/corpus.h"
#include "text/tokenizer.h"

#define DB_MODEL_DIR_VERSION 1

/* What the weights were tuned to be rounded to (train/rounding.h). */
typedef struct {
    uint32_t bits;     /* 8 or 4; 0: not tuned */
    double input_step; /* one unit of the first layer's int8 input, > 0; transformers: not used */
} db_tuned;

typedef struct {
    char name[33]; /* UTF-8, goes into images */
    db_model_config config;
    db_layout layout;
    float *parameters; /* [layout.parameters] */
    db_tokenizer tokenizer;
    uint16_t start_token; /* fed before a text */
    db_tuned tuned;
    char *training;        /* JSON object in text: corpus hash, losses, command, date; or NULL */
    db_corpus calibration; /* what activations are measured on when packing; may be empty */
} db_model_dir;

/* Keeps an excerpt of at most `bytes` of a text as the model's calibration text (of the training text: a model is not
 * to be fitted to what it is judged by, its rounding included): documents from all over it, short ones whole, of long
 * ones the middle, in whole lines where there are any. 64 KB is plenty. Replaces what was kept. */
void db_model_dir_set_calibration(db_model_dir *model, const db_corpus *text, size_t bytes);

/* Makes the folder and writes the files, all of them aside before the first takes its place, config.json
 * last; so a full disk leaves an older model as it was. An empty calibration text removes an older one.
 * Returns 0, or -1 with the error set and nothing left behind. */
int db_model_dir_save(const db_model_dir *model, const char *folder, db_error *error);

/* Reads and cross-checks all of them: shapes against the config, vocabulary against the
 * embedding, finite weights.
 * Returns 0, or -1 with the error set; free in either case with db_model_dir_free(). */
int db_model_dir_load(db_model_dir *model, const char *folder, db_error *error);

/* Only what config.json says, from its text: name, sizes, layout, start token, tuning, training. `where` starts
 * the messages. Returns 0, or -1 with the error set; free in either case with db_model_dir_free(). */
int db_model_dir_parse_config(db_model_dir *model, const char *text, size_t length, const char *where, db_error *error);

void db_model_dir_free(db_model_dir *model);

#endif
