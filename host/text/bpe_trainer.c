/* SPDX-License-Identifier: MIT */
#include "text/bpe_trainer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dogberry.h"
#include "text/utf8.h"

/* A distinct piece of the corpus as tokens. */
typedef struct {
    size_t offset; /* into the flat array */
    uint32_t length;
    uint64_t count;
} word;

/* A pair that has stood somewhere; `words` may name a word more than once, or one that lost the pair since. */
typedef struct {
    uint32_t left, right;
    uint64_t count;
    uint32_t *words;
    size_t word_count, word_capacity;
    bool queued; /* since the merge that is being done */
} pair;

/* A pair as it was when it was queued. */
typedef struct {
    uint64_t count;
    uint32_t pair;
} candidate;

typedef struct {
    db_bpe *bpe;
    bool characters; /* pieces are cut into these, not into bytes */
    word *words;     /* [word_count] */
    size_t word_count, word_capacity;
    uint32_t *flat;
    size_t flat_count, flat_capacity;
    db_intern pair_index; /* 8 bytes: left, right */
    pair *pairs;
    size_t pair_capacity;
    candidate *heap; /* the commonest on top; stale ones are found when they come up */
    size_t heap_count, heap_capacity;
} trainer;

static size_t token_bytes(const trainer *t, uint32_t token)
{
    return t->bpe->tokens.items[token].length;
}

/* The number stays; the pairs may move. */
static uint32_t pair_number(trainer *t, uint32_t left, uint32_t right)
{
    uint32_t key[2] = {left, right};
    size_t before = t->pair_index.count;
    uint32_t number = db_intern_add(&t->pair_index, (const char *)key, sizeof key);
    if (number == before) {
        t->pairs = db_grow(t->pairs, &t->pair_capacity, before + 1, sizeof *t->pairs);
        t->pairs[number] = (pair){.left = left, .right = right};
    }
    return number;
}

static bool goes_first(const trainer *t, candidate a, candidate b)
{
    const pair *p = &t->pairs[a.pair], *q = &t->pairs[b.pair];
    if (a.count != b.count)
        return a.count > b.count;
    return p->left != q->left ? p->left < q->left : p->right < q->right;
}

static void push(trainer *t, uint32_t number)
{
    const pair *p = &t->pairs[number];
    if (p->count < 2 || token_bytes(t, p->left) + token_bytes(t, p->right) > DOGBERRY_KEY_MAX)
        return;
    t->heap = db_grow(t->heap, &t->heap_capacity, t->heap_count + 1, sizeof *t->heap);
    candidate added = {p->count, number};
    size_t at = t->heap_count++;
    while (at > 0 && goes_first(t, added, t->heap[(at - 1) / 2])) {
        t->heap[at] = t->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    t->heap[at] = added;
}

static candidate pop(trainer *t)
{
    candidate top = t->heap[0], last = t->heap[--t->heap_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < t->heap_count; at = child) {
        if (child + 1 < t->heap_count && goes_first(t, t->heap[child + 1], t->heap[child]))
            child++;
        if (!goes_first(t, t->heap[child], last))
            break;
        t->heap[at] = t->heap[child];
    }
    t->heap[at] = last;
    return top;
}

/* The commonest pair that is there now, or -1. */
static int64_t next_pair(trainer *t)
{
    while (t->heap_count) {
        candidate top = pop(t);
        if (top.count == t->pairs[top.pair].count)
            return top.pair;
        push(t, top.pair);
    }
    return -1;
}

static void note_word(pair *p, uint32_t number)
{
    if (p->word_count && p->words[p->word_count - 1] == number)
        return;
    p->words = db_grow(p->words, &p->word_capacity, p->word_count + 1, sizeof *p->words);
    p->words[p->word_count++] = number;
}

/* Adds the word's pairs to the counts. Those with `fresh` are new to it: the word is noted with them. */
static void add_pairs(trainer *t, uint32_t number, int64_t fresh)
{
    const word *w = &t->words[number];
    const uint32_t *tokens = t->flat + w->offset;
    for (uint32_t i = 0; i + 1 < w->length; i++) {
        uint32_t found = pair_number(t, tokens[i], tokens[i + 1]);
        pair *p = &t->pairs[found];
        p->count += w->count;
        if (fresh < 0 || tokens[i] == fresh || tokens[i + 1] == fresh)
            note_word(p, number);
    }
}

static void remove_pairs(trainer *t, uint32_t number)
{
    const word *w = &t->words[number];
    const uint32_t *tokens = t->flat + w->offset;
    for (uint32_t i = 0; i + 1 < w->length; i++) {
        uint32_t found = pair_number(t, tokens[i], tokens[i + 1]);
        t->pairs[found].count -= w->count;
    }
}

static bool holds(const trainer *t, const word *w, uint32_t left, uint32_t right)
{
    const uint32_t *tokens = t->flat + w->offset;
    for (uint32_t i = 0; i + 1 < w->length; i++)
        if (tokens[i] == left && tokens[i + 1] == right)
            return true;
    return false;
}

static void replace(trainer *t, word *w, uint32_t left, uint32_t right, uint32_t result)
{
    uint32_t *tokens = t->flat + w->offset, used = 0;
    for (uint32_t i = 0; i < w->length; used++) {
        bool here = i + 1 < w->length && tokens[i] == left && tokens[i + 1] == right;
        tokens[used] = here ? result : tokens[i];
        i += here ? 2 : 1;
    }
    w->length = used;
}

/* Queues the pairs of a word that hold the new token, each once. */
static void queue_fresh(trainer *t, const word *w, uint32_t fresh, bool queued)
{
    const uint32_t *tokens = t->flat + w->offset;
    for (uint32_t i = 0; i + 1 < w->length; i++) {
        if (tokens[i] != fresh && tokens[i + 1] != fresh)
            continue;
        uint32_t number = pair_number(t, tokens[i], tokens[i + 1]);
        if (queued && !t->pairs[number].queued)
            push(t, number);
        t->pairs[number].queued = queued;
    }
}

static uint32_t name_result(trainer *t, uint32_t left, uint32_t right)
{
    char bytes[DOGBERRY_KEY_MAX];
    size_t left_length, right_length;
    const char *text = db_intern_text(&t->bpe->tokens, left, &left_length);
    memcpy(bytes, text, left_length);
    text = db_intern_text(&t->bpe->tokens, right, &right_length);
    memcpy(bytes + left_length, text, right_length);
    return db_intern_add(&t->bpe->tokens, bytes, left_length + right_length);
}

static void merge(trainer *t, uint32_t number)
{
    db_bpe *bpe = t->bpe;
    uint32_t left = t->pairs[number].left, right = t->pairs[number].right, result = name_result(t, left, right);
    uint32_t *affected = t->pairs[number].words;
    size_t count = t->pairs[number].word_count, held = 0;
    t->pairs[number].words = NULL;
    t->pairs[number].word_count = t->pairs[number].word_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        word *w = &t->words[affected[i]];
        if (!holds(t, w, left, right))
            continue;
        remove_pairs(t, affected[i]);
        replace(t, w, left, right, result);
        add_pairs(t, affected[i], result);
        affected[held++] = affected[i];
    }
    for (size_t i = 0; i < held; i++)
        queue_fresh(t, &t->words[affected[i]], result, true);
    for (size_t i = 0; i < held; i++)
        queue_fresh(t, &t->words[affected[i]], result, false);
    free(affected);
    bpe->merges = db_grow(bpe->merges, &bpe->merge_capacity, bpe->merge_count + 1, sizeof *bpe->merges);
    memcpy(bpe->merges[bpe->merge_count++], (uint32_t[3]){left, right, result}, sizeof *bpe->merges);
}

/* A piece, cut into the units that are merged first. */
static void add_word(trainer *t, const char *bytes, size_t length, uint64_t count)
{
    word added = {.offset = t->flat_count, .count = count};
    t->flat = db_grow(t->flat, &t->flat_capacity, t->flat_count + length, sizeof *t->flat);
    for (size_t at = 0, unit = 1; at < length; at += unit, added.length++) {
        uint32_t code;
        if (t->characters)
            unit = db_utf8_decode(bytes + at, length - at, &code);
        t->flat[t->flat_count++] = (uint32_t)db_intern_find(&t->bpe->tokens, bytes + at, unit);
    }
    t->words = db_grow(t->words, &t->word_capacity, t->word_count + 1, sizeof *t->words);
    t->words[t->word_count++] = added;
}

static void add_words(trainer *t, const db_intern *pieces, const uint64_t *counts)
{
    for (uint32_t number = 0; number < pieces->count; number++) {
        size_t length;
        const char *bytes = db_intern_text(pieces, number, &length);
        add_word(t, bytes, length, counts[number]);
    }
}

static void add_bytes(db_intern *tokens)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        if (byte != 0xC0 && byte != 0xC1 && byte < 0xF5)
            db_intern_add(tokens, &text, 1);
    }
}

static void free_trainer(trainer *t)
{
    for (size_t i = 0; i < t->pair_index.count; i++)
        free(t->pairs[i].words);
    db_intern_free(&t->pair_index);
    free(t->pairs);
    free(t->words);
    free(t->flat);
    free(t->heap);
}

static void learn(trainer *t, size_t tokens)
{
    for (uint32_t number = 0; number < t->word_count; number++)
        add_pairs(t, number, -1);
    for (uint32_t number = 0; number < t->pair_index.count; number++)
        push(t, number);
    for (int64_t best; t->bpe->tokens.count < tokens && (best = next_pair(t)) >= 0;)
        merge(t, (uint32_t)best);
}

void db_bpe_learn_characters(db_bpe *bpe, const db_intern *pieces, const uint64_t *counts, size_t tokens)
{
    trainer t = {.bpe = bpe, .characters = true};
    add_words(&t, pieces, counts);
    learn(&t, tokens);
    free_trainer(&t);
}

void db_bpe_learn(db_bpe *bpe, const db_corpus *corpus, size_t tokens)
{
    trainer t = {.bpe = bpe};
    db_intern pieces = {0};
    uint64_t *counts = NULL;
    size_t capacity = 0;
    add_bytes(&bpe->tokens);
    for (size_t i = 0; i < corpus->count; i++) {
        dogberry_cursor cursor = {.text = corpus->documents[i].text, .length = corpus->documents[i].bytes};
        for (size_t length; (length = dogberry_split_bpe(&cursor)) > 0;) {
            uint32_t number = db_intern_add(&pieces, cursor.text + cursor.start, length);
            counts = db_grow(counts, &capacity, pieces.count, sizeof *counts);
            counts[number]++;
        }
    }
    add_words(&t, &pieces, counts);
    learn(&t, tokens);
    free_trainer(&t);
    free(counts);
    db_intern_free(&pieces);
}

void db_bpe_free(db_bpe *bpe)
{
    db_intern_free(&bpe->tokens);
    free(bpe->merges);
    *bpe = (db_bpe){0};
}
