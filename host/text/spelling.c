/* SPDX-License-Identifier: MIT */
#include "text/spelling.h"

#include <assert.h>
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

/* The distinct code points of all words and marks. */
typedef struct {
    db_intern codes; /* 4 bytes each */
    tally *tallies;  /* [codes.count] */
    size_t capacity;
    uint64_t pieces, characters;
} characters;

static void count_code(characters *c, uint32_t code, uint64_t times)
{
    size_t before = c->codes.count;
    uint32_t number = db_intern_add(&c->codes, (const char *)&code, sizeof code);
    if (number == before) {
        c->tallies = db_grow(c->tallies, &c->capacity, before + 1, sizeof *c->tallies);
        c->tallies[number] = (tally){.code = code};
    }
    c->tallies[number].count += times;
    c->characters += times;
}

static void count_characters(characters *c, const db_word_counts *counts)
{
    for (uint32_t number = 0; number < counts->keys.count; number++) {
        size_t length, bytes;
        const char *key = db_intern_text(&counts->keys, number, &length);
        if (db_is_break(key, length))
            continue;
        c->pieces += counts->words[number].count;
        for (size_t at = 0; at < length; at += bytes) {
            uint32_t code = 0xFFFD;
            bytes = db_utf8_decode(key + at, length - at, &code);
            count_code(c, code, counts->words[number].count);
            bytes = bytes ? bytes : 1;
        }
    }
}

static double rounded_up(double nats)
{
    return ceil(nats * DB_SPELLING_UNITS) / DB_SPELLING_UNITS;
}

/* The K commonest to the front, then by code point. Returns K. */
static size_t keep_commonest(tally *tallies, size_t count, uint64_t *rest)
{
    size_t kept = count < DB_SPELLING_MAX ? count : DB_SPELLING_MAX;
    *rest = 0;
    if (!tallies)
        return 0;
    qsort(tallies, count, sizeof *tallies, commoner);
    for (size_t i = kept; i < count; i++)
        *rest += tallies[i].count;
    qsort(tallies, kept, sizeof *tallies, by_code);
    return kept;
}

void db_spelling_learn(db_spelling *spelling, const db_word_counts *counts)
{
    characters all = {0};
    uint64_t rest;
    count_characters(&all, counts);
    size_t kept = keep_commonest(all.tallies, all.codes.count, &rest);
    assert(kept == 0 || all.tallies);

    double log_total = log((double)all.characters + (double)all.pieces + (double)kept + 2);
    spelling->count = kept;
    spelling->characters = db_allocate((kept + 1) * sizeof *spelling->characters);
    spelling->nats = db_allocate((kept + 1) * sizeof *spelling->nats);
    for (size_t i = 0; i < kept; i++) {
        spelling->characters[i] = all.tallies[i].code;
        spelling->nats[i] = rounded_up(log_total - log((double)all.tallies[i].count + 1));
    }
    spelling->end_nats = rounded_up(log_total - log((double)all.pieces + 1));
    spelling->other_nats = rounded_up(log_total - log((double)rest + 1) + log((double)(DB_UTF8_SCALARS - kept)));
    free(all.tallies);
    db_intern_free(&all.codes);
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
