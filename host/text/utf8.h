/*
 * UTF-8 as Unicode defines it: no overlong forms, no surrogates, at most U+10FFFF.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_UTF8_H
#define DB_TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define DB_UTF8_SCALARS 1112064u /* how many code points there are: 0x110000 less the surrogates */

/* Reads the code point at the start of `length` bytes. `*code` is left alone on error.
 * Returns the bytes it takes, 1..4, or 0 where they are not UTF-8 (or length is 0). */
size_t db_utf8_decode(const char *text, size_t length, uint32_t *code);

/* Writes a code point (not a surrogate, at most 0x10FFFF). Returns the bytes written, 1..4. */
size_t db_utf8_encode(uint32_t code, char bytes[4]);

/* Returns the offset of the first byte that is not UTF-8, or `length` when all is well. */
size_t db_utf8_check(const char *text, size_t length);

/* Returns how many code points valid UTF-8 holds. */
size_t db_utf8_count(const char *text, size_t length);

#endif
