/*
 * Which pairs of tokens to merge, and in which order: byte-pair encoding as in Sennrich,
 * Haddow and Birch, "Neural machine translation of rare words with subword units" (2016),
 * over bytes or characters. Works on the distinct pieces of a corpus with their counts; after each merge
 * only the pieces that hold the pair are looked at again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_BPE_TRAINER_H
#define DB_TEXT_BPE_TRAINER_H

#include "text/corpus.h"
#include "text/intern.h"

/* Bytes that valid UTF-8 may hold: all but C0, C1 and F5..FF. */
#define DB_BPE_BYTES 243u

typedef struct {
    db_intern tokens;      /* by number: the DB_BPE_BYTES bytes in order, then the merges' results */
    uint32_t (*merges)[3]; /* [merge_count] left, right and result, numbers of tokens */
    size_t merge_count, merge_capacity;
} db_bpe;

/* Learns over bytes until `bpe` (zero-initialised) has `tokens` tokens or no pair occurs twice any more.
 * Freed by the caller with db_bpe_free(). */
void db_bpe_learn(db_bpe *bpe, const db_corpus *corpus, size_t tokens);

/* The same over the characters of pieces that were counted already: counts [pieces->count]. bpe->tokens holds their
 * characters, and nothing else; merges follow. */
void db_bpe_learn_characters(db_bpe *bpe, const db_intern *pieces, const uint64_t *counts, size_t tokens);

void db_bpe_free(db_bpe *bpe);

#endif
