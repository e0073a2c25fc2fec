/*
 * The runtime's splitter written as regular expressions, for tools that are not ours.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_SPLITTER_REGEX_H
#define DB_INTEROP_SPLITTER_REGEX_H

#include <stdint.h>

#include <jansson.h>

/* The normalizer and the pre-tokenizer of a word tokenizer.json: applied to any text they
 * give the pieces of dogberry_split() (docs/FORMAT.md, "Word pieces"). The character classes
 * are asked from dogberry_split() itself, so the two cannot drift apart. The expressions are
 * Oniguruma's, the engine of Hugging Face's tokenizers.
 * Sets two new objects that the caller owns. */
void db_splitter_to_json(json_t **normalizer, json_t **pre_tokenizer);

/* How the splitter treats one code point, found by trying. */
enum { DB_SPLITS_MARK, DB_SPLITS_BLANK, DB_SPLITS_WORD, DB_SPLITS_OPENING };
int db_splitter_class(uint32_t code);

/* Code points from here on are all marks. */
#define DB_SPLITTER_CLASSED 0x1F000u

#endif
