/*
 * Reading fields of a JSON object that came from outside: present, of the right
 * type, in range, or one clear line about which was not.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_JSON_H
#define DB_INTEROP_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

/* Parses `length` bytes that must be one JSON object without duplicate keys.
 * `where` starts the message. The caller owns the result (json_decref).
 * Returns the object, or NULL with the error set. */
json_t *db_json_object(const char *text, size_t length, const char *where, db_error *error);

/* Reads an integer field in [least, most].
 * Returns 0, or -1 with the error set, naming the field. */
int db_json_integer(const json_t *object, const char *key, uint64_t least, uint64_t most, uint64_t *value,
                    const char *where, db_error *error);

/* The same for a uint32_t. */
int db_json_u32(const json_t *object, const char *key, uint32_t least, uint32_t most, uint32_t *value,
                const char *where, db_error *error);

/* Points *value at a text field; it lives as long as the object. Texts with NUL are refused.
 * Returns 0, or -1 with the error set, naming the field. */
int db_json_text(const json_t *object, const char *key, const char **value, const char *where, db_error *error);

#endif
