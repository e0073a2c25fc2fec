/*
 * UTF-8, strict: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_UTF8_H
#define DOGBERRY_UTF8_H

#include "seam.h"

#define DOGBERRY_INVALID 0xFFFFFFFFu /* stands for one byte that begins no valid sequence */

/* Reads the code point at text[0 .. left), left >= 1. `*used` receives its bytes (1 for an
 * invalid byte). Returns the code point or DOGBERRY_INVALID. */
uint32_t dogberry_utf8_read(const char *text, size_t left, uint32_t *used);

/* Writes a code point's 1..4 bytes. Returns how many. */
uint32_t dogberry_utf8_write(char bytes[4], uint32_t point);

/* Returns 1 where all bytes are valid UTF-8, else 0. */
int dogberry_utf8_valid(const char *text, size_t length);

#endif
