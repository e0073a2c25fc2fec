/*
 * What an unknown word pays for its spelling (docs/NUMERICS.md, "Bits per character").
 *
 * The model is of order 0 over three kinds of symbols: the K commonest code points of the
 * training text's words and marks in normal form (K <= DB_SPELLING_MAX, ties by code
 * point), "end of word", and "other". With n(c) occurrences of code point c, N pieces, R
 * occurrences of the code points left out (0 unless there are more than DB_SPELLING_MAX),
 * and T = sum n(c) + N + R:
 *     p(c)     = (n(c) + 1) / (T + K + 2)
 *     p(end)   = (N + 1)    / (T + K + 2)
 *     p(other) = (R + 1)    / (T + K + 2), shared evenly by the 1,112,064 - K others
 * Each -ln p is rounded up to whole units of 1/DB_SPELLING_UNITS nats, so that the model is
 * the same after a trip through JSON and its probabilities still sum to at most one. A piece
 * costs the sum over its code points and the end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_SPELLING_H
#define DB_TEXT_SPELLING_H

#include "text/tokenizer.h"
#include "text/word_counts.h"

#define DB_SPELLING_MAX 512
#define DB_SPELLING_UNITS 10000

/* Learns the model from the counts of a corpus (breaks left out). */
void db_spelling_learn(db_spelling *spelling, const db_word_counts *counts);

/* Returns the nats of one piece in normal form (UTF-8; a byte that is not counts as other). */
double db_spelling_cost(const db_spelling *spelling, const char *key, size_t length);

void db_spelling_free(db_spelling *spelling);

#endif
