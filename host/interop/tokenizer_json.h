/*
 * Parts of reading and writing tokenizer.json (the public functions are in
 * text/tokenizer.h). One file a kind.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_TOKENIZER_JSON_H
#define DB_INTEROP_TOKENIZER_JSON_H

#include <jansson.h>

#include "text/section.h"
#include "text/tokenizer.h"

/* A vocabulary as it was read: texts point into the JSON. */
typedef struct {
    db_entry *entries; /* [count], by id */
    size_t count;
} db_vocabulary;

/* Reads {"text": id, ...} whose ids are 0..count-1, each once, texts 1..DOGBERRY_KEY_MAX bytes.
 * Returns 0, or -1 with the error set; the caller frees `entries`. */
int db_vocabulary_read(db_vocabulary *vocabulary, const json_t *object, const char *where, db_error *error);

/* The id of a text, or -1. */
int64_t db_vocabulary_find(const db_vocabulary *vocabulary, const char *text);

/* A word tokenizer's model object and what Hugging Face's layout has no place for. New objects. */
json_t *db_word_to_json(const db_tokenizer *tokenizer);
json_t *db_word_extra(const db_tokenizer *tokenizer);
int db_word_from_json(db_tokenizer *tokenizer, const json_t *root, const json_t *extra, const char *where,
                      db_error *error);

/* The added_tokens entry of a special token. Returns a new object. */
json_t *db_added_token(uint32_t id, const char *text);

#endif
