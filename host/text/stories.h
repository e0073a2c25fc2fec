/*
 * Simple English stories, made by a grammar and a seed: a corpus that is always there.
 *
 * A story has a named character, a place, a want, an obstacle, an attempt or two, a
 * friend's help and an ending, in two to four paragraphs of simple words.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_STORIES_H
#define DB_TEXT_STORIES_H

#include <stddef.h>
#include <stdint.h>

/* Makes whole stories until there are `at_least` bytes (one story at the least), with a
 * line "<|endoftext|>" between stories and a blank line between paragraphs; ASCII only.
 * The same seed makes the same bytes on every machine, and a longer text begins with the
 * shorter one. `*text` is new, NUL-terminated, and the caller's to free; `*bytes` leaves
 * the NUL out. Returns nothing; never fails. */
void db_stories_make(char **text, size_t *bytes, size_t at_least, uint64_t seed);

#endif
