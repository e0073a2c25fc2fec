/*
 * Names of models in C and in texts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_EXPORT_NAMES_H
#define DB_EXPORT_NAMES_H

enum { DB_IDENTIFIER_MAX = 40 };

/* Makes an identifier of any name: ASCII letters in lower case and digits stay, every run of other characters becomes
 * one
 * "_", none at the ends. A name that starts with a digit gets "m" before it, a keyword of C or C++ "_" after
 * it; one with nothing to keep becomes "model". NUL-terminated, cut to fit. */
void db_identifier(char identifier[DB_IDENTIFIER_MAX], const char *name);

/* The same in capitals, for macros. */
void db_identifier_capitals(char capitals[DB_IDENTIFIER_MAX], const char *identifier);

/* A name as it may stand in a comment, a quoted string or a line of text: control characters, quotes, backslashes, "*"
 * and "/" become "_"; the rest, UTF-8 too, stays. `text` has room for 33 bytes, as names of images. */
void db_plain_name(char text[33], const char *name);

#endif
