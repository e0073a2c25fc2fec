/*
 * Parts of reading and writing tokenizer.json (the public functions are in
 * text/tokenizer.h). One file a kind.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_TOKENIZER_JSON_H
#define DB_INTEROP_TOKENIZER_JSON_H

#include <stdbool.h>

#include <jansson.h>

#include "text/section.h"
#include "text/tokenizer.h"

/* dogberry_split_bpe() as a regular expression (docs/FORMAT.md, "BPE pieces"). */
#define DB_BPE_LETTER "A-Za-z\\x{C0}-\\x{1FFF}\\x{2C00}-\\x{2FFF}\\x{3040}-\\x{10FFFF}"
#define DB_BPE_PIECES                                                                \
    "[ '\\x{2019}]?[" DB_BPE_LETTER "]{1,15}| ?[0-9]{1,3}| ?[^ \\n0-9" DB_BPE_LETTER \
    "]{1,15}\\n{0,2}|\\n{1,8}| {1,16}(?= )| "

/* A vocabulary as it was read: texts point into the JSON. */
typedef struct {
    db_entry *entries; /* [count], by id */
    size_t count;
} db_vocabulary;

/* Reads {"text": id, ...} whose ids are 0..count-1, each once, texts 1..most bytes.
 * Returns 0, or -1 with the error set; the caller frees `entries`. */
int db_vocabulary_read(db_vocabulary *vocabulary, const json_t *object, size_t most, const char *where,
                       db_error *error);

/* The id of a text, or -1. */
int64_t db_vocabulary_find(const db_vocabulary *vocabulary, const char *text);

/* A word tokenizer's model object and what Hugging Face's layout has no place for. New objects. */
json_t *db_word_to_json(const db_tokenizer *tokenizer);
json_t *db_word_extra(const db_tokenizer *tokenizer);
int db_word_from_json(db_tokenizer *tokenizer, const json_t *root, const json_t *extra, const char *where,
                      db_error *error);

/* The same for the kind char: WordLevel over single characters. */
json_t *db_char_to_json(const db_tokenizer *tokenizer);
bool db_is_char_json(const json_t *root);
int db_char_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error);

/* And for byte-level BPE: keys and merges in the alphabet that stands for bytes. */
json_t *db_bpe_to_json(const db_tokenizer *tokenizer);
int db_bpe_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error);

/* Reads the merges of a BPE, by rank: *merges [*count], freed by the caller in either case.
 * Returns 0, or -1 with the error set. */
int db_bpe_read_merges(db_merge **merges, size_t *count, const json_t *model, const char *where, db_error *error);

/* And for BPE with byte fallback (text/fallback.h). */
json_t *db_fallback_to_json(const db_tokenizer *tokenizer);
bool db_is_fallback_json(const json_t *root);
int db_fallback_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error);

/* And for subwords: WordPiece over the pieces of a BPE. */
json_t *db_subword_to_json(const db_tokenizer *tokenizer);
int db_subword_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error);

/* Sets the special flag of an entry that must be there. Returns 0, or -1 with the error set. */
int db_vocabulary_mark_special(db_vocabulary *vocabulary, const char *text, const char *where, db_error *error);

/* {"text": id, ...} of the vocabulary, by id; and the array of its special tokens. New objects. */
json_t *db_vocabulary_to_json(const db_tokenizer *tokenizer);
json_t *db_added_tokens(const db_tokenizer *tokenizer);

#endif
