/*
 * Builds the bytes of a tokenizer section (docs/FORMAT.md, "Tokenizer section").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_SECTION_H
#define DB_TEXT_SECTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "text/tokenizer.h"

/* One vocabulary entry; the texts are copied by db_section_build(). */
typedef struct {
    const char *key;
    size_t key_length;   /* 1..DOGBERRY_KEY_MAX */
    const char *display; /* what is printed; NULL: the key */
    size_t display_length;
    uint8_t flags; /* DOGBERRY_GLUE_*, DOGBERRY_ENDS_SENTENCE, DB_ENTRY_SPECIAL */
} db_entry;

enum { DB_ENTRY_SPECIAL = 8 };
enum { DB_DISPLAY_KEY, DB_DISPLAY_CAPITAL, DB_DISPLAY_CAPITALS, DB_DISPLAY_OWN };

#define DB_UNKNOWN_TEXT "<unk>"
#define DB_VOCAB_MAX 65535u

/* The display code that prints `display` for `key`: the cheapest one that fits.
 * Returns DB_DISPLAY_*. */
int db_display_code(const char *key, size_t key_length, const char *display, size_t display_length);

/* Builds the section of a word, character or subword tokenizer over `count` entries (16..65535, id =
 * place) into tokenizer->section and opens tokenizer->view on it. The special entries' keys
 * are DB_UNKNOWN_TEXT and DB_DOCUMENT_SEPARATOR. `kind`: DOGBERRY_WORD, DOGBERRY_CHAR or DOGBERRY_SUBWORD;
 * `flags`: DOGBERRY_CAPITALIZE_*, words only; DOGBERRY_FOLD_CAPITALS, DOGBERRY_ACROSS_PIECES, subwords only.
 * Returns 0, or -1 with the error set (a doubled key, a pool above 16 MB). */
int db_section_build(db_tokenizer *tokenizer, int kind, const db_entry *entries, size_t count, uint32_t flags,
                     db_error *error);

/* Two tokens that become one. */
typedef struct {
    uint16_t left, right, result;
} db_merge;

/* Builds the section of a byte-level BPE: keys are raw bytes, every byte of valid UTF-8 is
 * among them, merges are given by rank (at most 65535). `flags`: DOGBERRY_BYTE_FALLBACK or 0.
 * Returns 0, or -1 with the error set (a byte without a token, a doubled merge). */
int db_section_build_bpe(db_tokenizer *tokenizer, const db_entry *entries, size_t count, const db_merge *merges,
                         size_t merge_count, uint32_t flags, db_error *error);

/* Reads the merges of a BPE section back, by rank: view.merge_count of them; the caller frees them. */
db_merge *db_section_merges(const db_tokenizer *tokenizer);

/* The texts of entry `id` of a built section; valid as long as the section. */
const char *db_section_key(const db_tokenizer *tokenizer, uint32_t id, size_t *length);
uint8_t db_section_flags(const db_tokenizer *tokenizer, uint32_t id);

/* Writes what entry `id` prints, free of its place in a sentence. Returns its length, at most DOGBERRY_KEY_MAX. */
size_t db_section_display(const db_tokenizer *tokenizer, uint32_t id, char text[DOGBERRY_KEY_MAX]);

#endif
