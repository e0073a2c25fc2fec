/*
 * One pass over a corpus with the runtime's splitter: how often each word and mark
 * occurs, how it is spelled, and what white space and capitals surround it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_WORD_COUNTS_H
#define DB_TEXT_WORD_COUNTS_H

#include <stdbool.h>

#include "text/corpus.h"
#include "text/intern.h"

/* Where a spelling was seen. The first kind with any occurrence decides how a word is printed. */
enum { DB_SEEN_INSIDE, DB_SEEN_AT_START, DB_SEEN_SHOUTED, DB_SEEN_KINDS };

typedef struct {
    uint32_t glued, spaced;           /* next to a word: without and with white space between */
    uint32_t glued_mark, spaced_mark; /* next to a mark */
} db_side;

/* Occurrences as the first word of a sentence or a line. */
typedef struct {
    uint32_t capital, small;
} db_starts;

typedef struct {
    uint64_t count;
    db_side left, right;
    db_starts sentence; /* after a sentence's end, inside a line */
    db_starts line;     /* at the start of a line that goes on with a sentence */
    db_starts both;     /* at the start of a line, after a sentence's end */
    db_starts quoted;   /* behind an opening quote inside a sentence */
    bool mark;          /* no letter or digit in it */
} db_word;

typedef struct {
    uint32_t word;
    uint32_t seen[DB_SEEN_KINDS];
} db_spelling_count;

typedef struct {
    db_intern keys;             /* normal forms */
    db_word *words;             /* [keys.count] */
    db_intern spellings;        /* the word's number, four bytes, then the source bytes */
    db_spelling_count *spelled; /* [spellings.count] */
    size_t word_capacity, spelled_capacity;
    uint64_t tokens; /* words and marks in all, breaks left out */
} db_word_counts;

/* Counts the corpus. `counts` zero-initialised; freed by the caller with db_word_counts_free(). */
void db_word_counts_make(db_word_counts *counts, const db_corpus *corpus);

/* Numbers of the words and marks by falling count, ties by bytes; breaks and keys longer
 * than DOGBERRY_KEY_MAX left out. Returns an array of *count that the caller frees. */
uint32_t *db_word_counts_rank(const db_word_counts *counts, size_t *count);

/* Whether the key is a line or paragraph break. */
bool db_is_break(const char *key, size_t length);

/* Whether the key is one of . ! ? ... and the ellipsis sign. */
bool db_ends_sentence(const char *key, size_t length);

/* Whether the key is an opening quote, single or double. */
bool db_opens_quotation(const char *key, size_t length);

void db_word_counts_free(db_word_counts *counts);

#endif
