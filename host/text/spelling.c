/* SPDX-License-Identifier: MIT */
#include "text/spelling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

typedef struct {
    uint32_t code;
    uint64_t count;
} tally;

static int commoner(const void *left, const void *right)
{
    const tally *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->code > b->code) - (a->code < b->code);
}

static int by_code(const void *left, const void *right)
{
    const tally *a = left, *b = right;
    return (a->code > b->code) - (a->code < b->code);
}

/* Counts code points into a table of all of Unicode. Returns the number of pieces. */
static uint64_t count_characters(const db_word_counts *counts, uint64_t *by_code_point)
{
    uint64_t pieces = 0;
    for (uint32_t word = 0; word < counts->keys.count; word++) {
        size_t length, bytes;
        const char *key = db_intern_text(&counts->keys, word, &length);
        if (db_is_break(key, length))
            continue;
        pieces += counts->words[word].count;
        for (size_t at = 0; at < length; at += bytes) {
            uint32_t code = 0;
            bytes = db_utf8_decode(key + at, length - at, &code);
            if (bytes)
                by_code_point[code] += counts->words[word].count;
            else
                bytes = 1;
        }
    }
    return pieces;
}

static double rounded_up(double nats)
{
    return ceil(nats * DB_SPELLING_UNITS) / DB_SPELLING_UNITS;
}

/* The K commonest to the front, then by code point. Returns K. */
static size_t keep_commonest(tally *tallies, size_t count, uint64_t *rest)
{
    size_t kept = count < DB_SPELLING_MAX ? count : DB_SPELLING_MAX;
    qsort(tallies, count, sizeof *tallies, commoner);
    *rest = 0;
    for (size_t i = kept; i < count; i++)
        *rest += tallies[i].count;
    qsort(tallies, kept, sizeof *tallies, by_code);
    return kept;
}

void db_spelling_learn(db_spelling *spelling, const db_word_counts *counts)
{
    uint64_t *by_code_point = db_allocate(0x110000 * sizeof *by_code_point);
    uint64_t pieces = count_characters(counts, by_code_point), total = pieces;
    tally *tallies = db_allocate(0x110000 * sizeof *tallies);
    size_t count = 0;
    for (uint32_t code = 0; code < 0x110000; code++)
        if (by_code_point[code]) {
            tallies[count++] = (tally){code, by_code_point[code]};
            total += by_code_point[code];
        }
    free(by_code_point);
    uint64_t rest;
    size_t kept = keep_commonest(tallies, count, &rest);
    double log_total = log((double)total + (double)kept + 2);
    spelling->count = kept;
    spelling->characters = db_allocate((kept + 1) * sizeof *spelling->characters);
    spelling->nats = db_allocate((kept + 1) * sizeof *spelling->nats);
    for (size_t i = 0; i < kept; i++) {
        spelling->characters[i] = tallies[i].code;
        spelling->nats[i] = rounded_up(log_total - log((double)tallies[i].count + 1));
    }
    spelling->end_nats = rounded_up(log_total - log((double)pieces + 1));
    spelling->other_nats = rounded_up(log_total - log((double)rest + 1) + log((double)(DB_UTF8_SCALARS - kept)));
    free(tallies);
}

static double character_cost(const db_spelling *spelling, uint32_t code)
{
    size_t low = 0, high = spelling->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (spelling->characters[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < spelling->count && spelling->characters[low] == code ? spelling->nats[low] : spelling->other_nats;
}

double db_spelling_cost(const db_spelling *spelling, const char *key, size_t length)
{
    double nats = spelling->end_nats;
    for (size_t at = 0, bytes; at < length; at += bytes) {
        uint32_t code = UINT32_MAX;
        bytes = db_utf8_decode(key + at, length - at, &code);
        nats += character_cost(spelling, code);
        bytes = bytes ? bytes : 1;
    }
    return nats;
}

void db_spelling_free(db_spelling *spelling)
{
    free(spelling->characters);
    free(spelling->nats);
    *spelling = (db_spelling){0};
}
