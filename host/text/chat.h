/*
 * Small talk with Dogberry, made by a grammar and a seed: a corpus that is always there.
 *
 * A dialogue has three to eight exchanges, each a line "You: ..." and a line
 * "Dogberry: ...". What was said stays true: names, favourites and sums.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_CHAT_H
#define DB_TEXT_CHAT_H

#include <stddef.h>
#include <stdint.h>

/* Makes whole dialogues until there are `at_least` bytes (one dialogue at the least), with
 * a line "<|endoftext|>" between dialogues; ASCII only. The same seed makes the same bytes
 * on every machine, and a longer text begins with the shorter one. `*text` is new,
 * NUL-terminated, and the caller's to free; `*bytes` leaves the NUL out.
 * Returns nothing; never fails. */
void db_chat_make(char **text, size_t *bytes, size_t at_least, uint64_t seed);

#endif
