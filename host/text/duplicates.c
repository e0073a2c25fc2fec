/* SPDX-License-Identifier: MIT */
#include "text/duplicates.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dogberry.h"
#include "text/intern.h"

/* Runs that stand in more documents than this are common phrases: each document is then
 * compared with the first few only, so that the work stays linear. */
enum { COMMON = 32, COMMON_PARTNERS = 8 };

static const size_t runs_most = (size_t)4 << 20;

/* One sampled run of a document; documents are numbered through both corpora. */
typedef struct {
    uint64_t hash;
    uint32_t document;
} run;

typedef struct {
    const db_corpus *training, *validation;
    size_t documents;
    run *runs;
    size_t run_count, run_capacity;
    uint64_t sample_mask; /* runs whose hash has these bits clear are kept */
    uint32_t *distinct;   /* [documents] kept runs */
    uint32_t *twin;       /* [documents] the first with the same text on the same side */
    db_intern pairs;      /* 8 bytes: two document numbers */
    uint32_t *shared;     /* [pairs.count] runs in common */
    size_t shared_capacity;
} search;

static size_t training_count(const search *s)
{
    return s->training->count;
}

static const db_document *document_at(const search *s, size_t number)
{
    size_t count = training_count(s);
    return number < count ? &s->training->documents[number] : &s->validation->documents[number - count];
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

/* Returns 0 for marks and breaks: a run is of words. Long words are told apart by their first bytes. */
static uint64_t word_hash(const char *piece, size_t length)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ length;
    unsigned char first = (unsigned char)*piece;
    bool quote = first == 0xE2 && (unsigned char)piece[1] < 0xB0; /* U+2000..U+2BFF: quotes, dashes, symbols */
    bool word = (first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') || (first >= 0x80 && !quote);
    for (size_t i = 0; i < length && i < DOGBERRY_KEY_MAX; i++)
        hash = (hash ^ (unsigned char)piece[i]) * UINT64_C(0x100000001B3);
    return word ? mix(hash) | 1 : 0;
}

static void keep_run(search *s, uint64_t hash, uint32_t number)
{
    hash = mix(hash);
    if (hash & s->sample_mask)
        return;
    s->runs = db_grow(s->runs, &s->run_capacity, s->run_count + 1, sizeof *s->runs);
    s->runs[s->run_count++] = (run){hash, number};
}

/* A rolling polynomial over the last words; a text shorter than a run is one run. */
static void add_runs(search *s, uint32_t number)
{
    static const uint64_t base = UINT64_C(0x9E3779B97F4A7C15);
    const db_document *document = document_at(s, number);
    dogberry_cursor cursor = {.text = document->text, .length = document->bytes};
    uint64_t last[DB_SHINGLE_WORDS] = {0}, hash = 0, oldest = 1;
    char piece[DOGBERRY_KEY_MAX];
    size_t words = 0;
    for (int i = 0; i < DB_SHINGLE_WORDS; i++)
        oldest *= base;
    for (size_t length; (length = dogberry_split(&cursor, piece, sizeof piece)) > 0;) {
        uint64_t word = word_hash(piece, length);
        if (!word)
            continue;
        uint64_t *place = &last[words % DB_SHINGLE_WORDS];
        hash = hash * base + word - *place * oldest;
        *place = word;
        if (++words >= DB_SHINGLE_WORDS)
            keep_run(s, hash, number);
    }
    if (words > 0 && words < DB_SHINGLE_WORDS)
        keep_run(s, hash, number);
}

static int by_hash(const void *left, const void *right)
{
    const run *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->document > b->document) - (a->document < b->document);
}

/* Sorts the runs, and leaves each once a document. */
static void sort_runs(search *s)
{
    size_t used = 0;
    if (s->run_count)
        qsort(s->runs, s->run_count, sizeof *s->runs, by_hash);
    for (size_t i = 0; i < s->run_count; i++) {
        if (used && by_hash(&s->runs[i], &s->runs[used - 1]) == 0)
            continue;
        s->runs[used++] = s->runs[i];
        s->distinct[s->runs[i].document]++;
    }
    s->run_count = used;
}

static void count_pair(search *s, uint32_t first, uint32_t second)
{
    uint32_t key[2] = {first, second};
    size_t before = s->pairs.count;
    uint32_t number = db_intern_add(&s->pairs, (const char *)key, sizeof key);
    if (number == before) {
        s->shared = db_grow(s->shared, &s->shared_capacity, before + 1, sizeof *s->shared);
        s->shared[number] = 0;
    }
    s->shared[number]++;
}

/* Counts what documents share; returns the share of validation runs that the training text holds too. */
static double count_shared(search *s)
{
    size_t leaked = 0, validation = 0;
    for (size_t from = 0, to; from < s->run_count; from = to) {
        for (to = from; to < s->run_count && s->runs[to].hash == s->runs[from].hash; to++) {
            bool in_validation = s->runs[to].document >= training_count(s);
            validation += in_validation;
            leaked += in_validation && s->runs[from].document < training_count(s);
        }
        size_t partners = to - from > COMMON ? COMMON_PARTNERS : to - from;
        for (size_t i = from; i < from + partners; i++)
            for (size_t j = i + 1; j < to; j++)
                count_pair(s, s->runs[i].document, s->runs[j].document);
    }
    return validation ? (double)leaked / (double)validation : 0;
}

static db_document_place place_of(const search *s, uint32_t number)
{
    bool in_validation = number >= training_count(s);
    return (db_document_place){in_validation, in_validation ? number - training_count(s) : number};
}

static void add_found(db_duplicates *found, const search *s, uint32_t first, uint32_t second, double share)
{
    const db_document *a = document_at(s, first), *b = document_at(s, second);
    db_duplicate pair = {.first = place_of(s, first),
                         .second = place_of(s, second),
                         .share = share,
                         .exact = a->bytes == b->bytes && memcmp(a->text, b->text, a->bytes) == 0,
                         .first_runs = s->distinct[first],
                         .second_runs = s->distinct[second]};
    found->pairs = db_grow(found->pairs, &found->capacity, found->count + 1, sizeof pair);
    found->pairs[found->count++] = pair;
    found->across += pair.first.in_validation != pair.second.in_validation;
}

/* Documents with the same text as an earlier one of their side are not looked into again. */
static void find_twins(search *s)
{
    db_intern texts[2] = {{0}, {0}};
    uint32_t *firsts[2] = {db_allocate((s->documents + 1) * sizeof(uint32_t)),
                           db_allocate((s->documents + 1) * sizeof(uint32_t))};
    for (uint32_t number = 0; number < s->documents; number++) {
        const db_document *document = document_at(s, number);
        int side = number >= training_count(s);
        size_t before = texts[side].count;
        uint32_t text = db_intern_add(&texts[side], document->text, document->bytes);
        if (text == before)
            firsts[side][text] = number;
        s->twin[number] = firsts[side][text];
    }
    for (int side = 0; side < 2; side++) {
        db_intern_free(&texts[side]);
        free(firsts[side]);
    }
}

static int by_share(const void *left, const void *right)
{
    const db_duplicate *a = left, *b = right;
    if (a->share != b->share)
        return a->share > b->share ? -1 : 1;
    if (a->first.in_validation != b->first.in_validation)
        return a->first.in_validation - b->first.in_validation;
    if (a->first.index != b->first.index)
        return a->first.index < b->first.index ? -1 : 1;
    if (a->second.in_validation != b->second.in_validation)
        return a->second.in_validation - b->second.in_validation;
    return (a->second.index > b->second.index) - (a->second.index < b->second.index);
}

static void collect(db_duplicates *found, const search *s, double least)
{
    for (uint32_t number = 0; number < s->documents; number++)
        if (s->twin[number] != number)
            add_found(found, s, s->twin[number], number, 1);
    for (uint32_t i = 0; i < s->pairs.count; i++) {
        size_t length;
        uint32_t pair[2];
        memcpy(pair, db_intern_text(&s->pairs, i, &length), sizeof pair);
        uint32_t a = s->distinct[pair[0]], b = s->distinct[pair[1]];
        double share = (double)s->shared[i] / (double)(a < b ? a : b);
        if (share >= least)
            add_found(found, s, pair[0], pair[1], share);
    }
    if (found->count)
        qsort(found->pairs, found->count, sizeof *found->pairs, by_share);
}

/* About one word in five bytes: samples the runs where all of them would be too many. */
static uint64_t choose_sample(size_t bytes)
{
    uint64_t mask = 0;
    while (bytes / 5 / (mask + 1) > runs_most)
        mask = 2 * mask + 1;
    return mask;
}

void db_duplicates_find(db_duplicates *found, const db_corpus *training, const db_corpus *validation, double least)
{
    static const db_corpus none = {0};
    search s = {.training = training, .validation = validation ? validation : &none};
    *found = (db_duplicates){0};
    s.documents = training->count + s.validation->count;
    s.sample_mask = choose_sample(training->bytes + s.validation->bytes);
    s.distinct = db_allocate((s.documents + 1) * sizeof *s.distinct);
    s.twin = db_allocate((s.documents + 1) * sizeof *s.twin);
    find_twins(&s);
    for (uint32_t number = 0; number < s.documents; number++)
        if (s.twin[number] == number)
            add_runs(&s, number);
    sort_runs(&s);
    for (uint32_t number = 0; number < s.documents; number++)
        s.distinct[number] = s.distinct[s.twin[number]];
    found->leaked = count_shared(&s);
    collect(found, &s, least);
    db_intern_free(&s.pairs);
    free(s.shared);
    free(s.runs);
    free(s.distinct);
    free(s.twin);
}

const db_document *db_duplicates_document(const db_document_place *place, const db_corpus *training,
                                          const db_corpus *validation)
{
    return &(place->in_validation ? validation : training)->documents[place->index];
}

/* Whether the second document of a pair is the one to remove. */
static bool second_goes(const db_duplicate *pair)
{
    bool across = pair->first.in_validation != pair->second.in_validation;
    return across ? 4 * pair->first_runs > 5 * pair->second_runs : pair->first_runs >= pair->second_runs;
}

db_removed db_duplicates_remove(const db_duplicates *found, db_corpus *training, db_corpus *validation)
{
    bool *gone[2] = {db_allocate(training->count + 1), db_allocate((validation ? validation->count : 0) + 1)};
    for (size_t i = 0; i < found->count; i++) {
        const db_duplicate *pair = &found->pairs[i];
        bool *first = &gone[pair->first.in_validation][pair->first.index];
        bool *second = &gone[pair->second.in_validation][pair->second.index];
        if (!*first && !*second)
            *(second_goes(pair) ? second : first) = true;
    }
    db_removed removed = {db_corpus_drop(training, gone[0]), validation ? db_corpus_drop(validation, gone[1]) : 0};
    free(gone[0]);
    free(gone[1]);
    return removed;
}

void db_duplicates_free(db_duplicates *found)
{
    free(found->pairs);
    *found = (db_duplicates){0};
}
