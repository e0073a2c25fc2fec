/*
 * Strings to small numbers, in order of first sight: an open-addressing hash table over
 * one pool of bytes. What the learners count with.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_INTERN_H
#define DB_TEXT_INTERN_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t offset, length;
    uint64_t hash;
} db_interned;

/* Zero-initialise before use. */
typedef struct {
    char *pool;
    size_t pool_used, pool_capacity;
    db_interned *items; /* [count], by number */
    size_t count, capacity;
    uint32_t *slots;   /* number + 1, 0 where free */
    size_t slot_count; /* a power of two, or 0 */
} db_intern;

/* Returns the string's number, a new one (the old count) at first sight. */
uint32_t db_intern_add(db_intern *table, const char *bytes, size_t length);

/* Returns the string's number, or -1 when it was never added. */
int64_t db_intern_find(const db_intern *table, const char *bytes, size_t length);

/* Points at the bytes of a number (not NUL-terminated), valid until the next add. */
const char *db_intern_text(const db_intern *table, uint32_t number, size_t *length);

/* Orders two strings by bytes, a prefix first. Returns < 0, 0 or > 0. */
int db_bytes_compare(const char *a, size_t a_length, const char *b, size_t b_length);

void db_intern_free(db_intern *table);

#endif
