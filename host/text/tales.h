/*
 * Tales in very few words, for models of a thousand to twenty thousand weights.
 *
 * Such a model cannot spell: 64 pieces of words, most of them letters, make letter soup. With a
 * token for every word it has grammar left to learn, if the words are few enough. So the words of
 * these tales come in three levels, each with the words of the one below.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_TALES_H
#define DB_TEXT_TALES_H

#include <stddef.h>
#include <stdint.h>

/* The levels, named by the tokens that a word tokenizer needs at most for all of it: words,
 * punctuation marks and its own tokens. */
typedef enum { DB_TALES_64 = 64, DB_TALES_96 = 96, DB_TALES_128 = 128 } db_tales_level;

/* Makes whole documents of five tales each, a paragraph a tale, until there are `at_least` bytes
 * (one document at the least), with a line "<|endoftext|>" between documents; ASCII only. The same
 * seed and level make the same bytes on every machine, and a longer text begins with the shorter
 * one. `*text` is new, NUL-terminated, and the caller's to free; `*bytes` leaves the NUL out.
 * Returns nothing; never fails. */
void db_tales_make(char **text, size_t *bytes, size_t at_least, uint64_t seed, db_tales_level level);

#endif
