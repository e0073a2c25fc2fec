/*
 * How often each character occurs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_CODE_COUNTS_H
#define DB_TEXT_CODE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "text/corpus.h"

typedef struct {
    uint64_t count; /* > 0 */
    uint32_t code;  /* code point */
} db_code_count;

/* Counts the corpus. Returns [*count] of them by falling count (ties by code point); the caller frees them. */
db_code_count *db_code_counts_make(const db_corpus *corpus, size_t *count);

/* Puts them in that order again. */
void db_code_counts_sort(db_code_count *counts, size_t count);

#endif
