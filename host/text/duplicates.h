/*
 * The same text twice: inside a corpus it teaches by heart, across the split it makes the
 * validation loss a measure of memory. Documents are compared by their distinct runs of
 * DB_SHINGLE_WORDS words in normal form (case, punctuation and white space aside), as in Broder,
 * "On the resemblance and containment of documents" (1997).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_DUPLICATES_H
#define DB_TEXT_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>

#include "text/corpus.h"

#define DB_SHINGLE_WORDS 8
#define DB_DUPLICATE_SHARE 0.5 /* a sensible `least` below */

/* A document by its corpus and place. */
typedef struct {
    bool in_validation;
    size_t index;
} db_document_place;

typedef struct {
    db_document_place first, second; /* in order of reading, training before validation */
    double share;                    /* of the smaller one's runs that the other holds too, 0..1 */
    bool exact;                      /* the same text to the byte */
    size_t first_runs, second_runs;  /* distinct runs of each, for comparison with each other */
} db_duplicate;

typedef struct {
    db_duplicate *pairs; /* by falling share, then by place */
    size_t count, capacity;
    size_t across; /* how many pairs have one document on either side */
    double leaked; /* share of the validation's runs that are somewhere in the training text */
} db_duplicates;

/* Finds the pairs of documents of which the smaller one's runs are in the other to at least
 * `least` (0..1]. `validation` may be NULL. Of three or more equal documents on one side each
 * is paired with the first. Above about 4 million runs a fixed sample of them is compared, the
 * same in every document; a text of 50 MB takes seconds.
 * `found` is overwritten; the caller frees it with db_duplicates_free(). */
void db_duplicates_find(db_duplicates *found, const db_corpus *training, const db_corpus *validation, double least);

/* Points at the document of a pair. */
const db_document *db_duplicates_document(const db_document_place *place, const db_corpus *training,
                                          const db_corpus *validation);

typedef struct {
    size_t training, validation; /* documents removed from each side */
} db_removed;

/* Removes one of each pair: on one side the smaller document, of equals the later; across the
 * split the training document, unless it is larger by a quarter or more and so holds other text
 * too: then the validation document. `training` and `validation` are those that `found` was made
 * from; its places are stale afterwards. Either side may end up empty: the caller's to say.
 * Returns how many went. */
db_removed db_duplicates_remove(const db_duplicates *found, db_corpus *training, db_corpus *validation);

void db_duplicates_free(db_duplicates *found);

#endif
