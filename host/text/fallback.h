/*
 * Tokenizers as sentencepiece makes them (Kudo and Richardson, "SentencePiece", 2018), for models trained with one:
 * BPE over characters, and a token for each byte of what has no token of its own. A text begins as if behind a space.
 * The section is that of a byte-level BPE with the flag DOGBERRY_BYTE_FALLBACK (docs/FORMAT.md, "BPE pieces").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_FALLBACK_H
#define DB_TEXT_FALLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "text/section.h"

/* Whether a text is the name of a byte, "<0x00>" to "<0xFF>"; the byte in *byte. */
bool db_fallback_byte(const char *text, size_t length, uint8_t *byte);

/* Finds the merges of a vocabulary from the scores of its `count` pieces: any two that make a third may merge, the best
 * score first (of equal ones the lower id). `pieces` as for db_fallback_build(). *merges [*merge_count] by rank, freed
 * by the caller. *lost: how many pieces text is never turned into, for they lie in more than one of "BPE pieces".
 * Returns 0, or -1 with the error set (a text twice, too many merges). */
int db_fallback_merges(const db_entry *pieces, const double *scores, size_t count, db_merge **merges,
                       size_t *merge_count, size_t *lost, db_error *error);

/* Builds the section of `count` pieces (16..65535): texts as they print, names of bytes, and specials. Each of the 256
 * bytes has a name among them. A byte that is a character's token too is never named in text: its name is special.
 * Returns 0, or -1 with the error set. */
int db_fallback_build(db_tokenizer *tokenizer, const db_entry *pieces, size_t count, const db_merge *merges,
                      size_t merge_count, db_error *error);

/* Writes the text that piece `id` of such a section was built from. Returns its length, at most DOGBERRY_KEY_MAX. */
size_t db_fallback_text(const db_tokenizer *tokenizer, uint32_t id, char text[DOGBERRY_KEY_MAX]);

#endif
