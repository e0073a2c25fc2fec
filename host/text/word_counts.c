/* SPDX-License-Identifier: MIT */
#include "text/word_counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dogberry.h"
#include "text/utf8.h"

/* What the next word would be the first of, as the decoder keeps it: marks do not count. */
typedef struct {
    bool line, sentence, quotation;
} start_of;

/* A piece of the text in its place. */
typedef struct {
    const char *key, *source;
    size_t key_length, source_length;
    uint32_t word;
} piece;

typedef struct {
    db_word_counts *counts;
    const db_document *document;
    start_of pending;
    int64_t previous; /* the piece before on this line, or -1 */
    size_t previous_end;
    char *buffer; /* for normal forms */
    size_t capacity;
    char *probe;
    size_t probe_capacity;
} counting;

bool db_is_break(const char *key, size_t length)
{
    return (length == 1 || length == 2) && key[0] == '\n';
}

bool db_ends_sentence(const char *key, size_t length)
{
    if (length == 1)
        return *key == '.' || *key == '!' || *key == '?';
    return length == 3 && (memcmp(key, "...", 3) == 0 || memcmp(key, "\xE2\x80\xA6", 3) == 0);
}

bool db_opens_quotation(const char *key, size_t length)
{
    return length == 3 && (memcmp(key, "\xE2\x80\x9C", 3) == 0 || memcmp(key, "\xE2\x80\x98", 3) == 0);
}

/* Asks the splitter: a letter put behind a word makes it longer, behind a mark it is a piece of its own. */
static bool is_mark(counting *pass, const char *key, size_t length)
{
    pass->probe = db_grow(pass->probe, &pass->probe_capacity, length + 1, 1);
    memcpy(pass->probe, key, length);
    pass->probe[length] = 'a';
    dogberry_cursor cursor = {.text = pass->probe, .length = length + 1};
    return dogberry_split(&cursor, NULL, 0) != length + 1;
}

static bool is_letter(uint32_t code)
{
    return code < 0x80 ? (code | 32) >= 'a' && (code | 32) <= 'z' : code < 0x2000 || code >= 0x2C00;
}

/* A letter is a capital where normal form changed it. */
static void count_letters(const piece *p, size_t *capitals, size_t *others, bool *first_is_capital)
{
    uint32_t source = 0, key = 0;
    *capitals = *others = 0;
    *first_is_capital = false;
    for (size_t s = 0, k = 0; s < p->source_length && k < p->key_length;) {
        size_t source_bytes = db_utf8_decode(p->source + s, p->source_length - s, &source);
        size_t key_bytes = db_utf8_decode(p->key + k, p->key_length - k, &key);
        if (!source_bytes || !key_bytes)
            return;
        if (is_letter(source)) {
            *(source != key ? capitals : others) += 1;
            *first_is_capital |= s == 0 && source != key;
        }
        s += source_bytes;
        k += key_bytes;
    }
}

static void note_start(db_word *word, const start_of *pending, bool capital)
{
    db_starts *starts = &word->quoted;
    if (pending->line)
        starts = pending->sentence ? &word->both : &word->line;
    else if (pending->sentence)
        starts = &word->sentence;
    else if (!pending->quotation)
        return;
    *(capital ? &starts->capital : &starts->small) += 1;
}

static void note_spelling(counting *pass, const piece *p, int kind)
{
    db_word_counts *counts = pass->counts;
    size_t before = counts->spellings.count, needed = p->source_length + 4;
    pass->buffer = db_grow(pass->buffer, &pass->capacity, needed, 1);
    memcpy(pass->buffer, &p->word, 4);
    memcpy(pass->buffer + 4, p->source, p->source_length);
    uint32_t number = db_intern_add(&counts->spellings, pass->buffer, needed);
    if (number == before) {
        counts->spelled = db_grow(counts->spelled, &counts->spelled_capacity, before + 1, sizeof *counts->spelled);
        counts->spelled[number] = (db_spelling_count){.word = p->word};
    }
    counts->spelled[number].seen[kind]++;
}

static void vote(db_side *side, bool neighbour_is_mark, bool glued)
{
    if (neighbour_is_mark)
        *(glued ? &side->glued_mark : &side->spaced_mark) += 1;
    else
        *(glued ? &side->glued : &side->spaced) += 1;
}

/* White space between two pieces of one line votes on both. */
static void note_sides(counting *pass, const piece *p, size_t start)
{
    if (pass->previous < 0)
        return;
    db_word *left = &pass->counts->words[pass->previous], *right = &pass->counts->words[p->word];
    bool glued = start == pass->previous_end;
    vote(&left->right, right->mark, glued);
    vote(&right->left, left->mark, glued);
}

static void note_word(counting *pass, const piece *p)
{
    size_t capitals, others;
    bool capital;
    db_word *word = &pass->counts->words[p->word];
    const start_of *now = &pass->pending;
    count_letters(p, &capitals, &others, &capital);
    if (word->mark) {
        note_spelling(pass, p, DB_SEEN_INSIDE);
        pass->pending.sentence |= db_ends_sentence(p->key, p->key_length);
        pass->pending.quotation = db_opens_quotation(p->key, p->key_length);
        return;
    }
    bool at_start = now->line || now->sentence || now->quotation;
    note_spelling(pass, p, capitals > 1 && !others ? DB_SEEN_SHOUTED : at_start ? DB_SEEN_AT_START : DB_SEEN_INSIDE);
    note_start(word, now, capital);
    pass->pending = (start_of){0};
}

/* Counts the normal form in the buffer. Returns its number. */
static uint32_t number_of(counting *pass, size_t length)
{
    db_word_counts *counts = pass->counts;
    size_t before = counts->keys.count;
    uint32_t word = db_intern_add(&counts->keys, pass->buffer, length);
    if (word == before) {
        counts->words = db_grow(counts->words, &counts->word_capacity, before + 1, sizeof *counts->words);
        counts->words[word] = (db_word){.mark = is_mark(pass, pass->buffer, length)};
    }
    counts->words[word].count++;
    return word;
}

static void count_document(counting *pass)
{
    dogberry_cursor cursor = {.text = pass->document->text, .length = pass->document->bytes};
    for (;;) {
        dogberry_cursor before = cursor;
        size_t length = dogberry_split(&cursor, pass->buffer, pass->capacity);
        if (length == 0)
            return;
        if (length > pass->capacity) {
            pass->buffer = db_grow(pass->buffer, &pass->capacity, length, 1);
            cursor = before;
            continue;
        }
        piece p = {.source = cursor.text + cursor.start, .source_length = cursor.at - cursor.start};
        p.word = number_of(pass, length);
        p.key = db_intern_text(&pass->counts->keys, p.word, &p.key_length);
        if (db_is_break(p.key, p.key_length)) {
            pass->pending.line = true;
            pass->pending.sentence |= p.key_length == 2;
            pass->previous = -1;
            continue;
        }
        pass->counts->tokens++;
        note_sides(pass, &p, cursor.start);
        note_word(pass, &p);
        pass->previous = p.word;
        pass->previous_end = cursor.at;
    }
}

void db_word_counts_make(db_word_counts *counts, const db_corpus *corpus)
{
    counting pass = {.counts = counts};
    pass.buffer = db_grow(NULL, &pass.capacity, 256, 1);
    for (size_t i = 0; i < corpus->count; i++) {
        pass.document = &corpus->documents[i];
        pass.pending = (start_of){.line = true, .sentence = true};
        pass.previous = -1;
        count_document(&pass);
    }
    free(pass.buffer);
    free(pass.probe);
}

typedef struct {
    const char *key;
    size_t length;
    uint64_t count;
    uint32_t word;
} ranked;

static int commoner(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return db_bytes_compare(a->key, a->length, b->key, b->length);
}

uint32_t *db_word_counts_rank(const db_word_counts *counts, size_t *count)
{
    ranked *list = db_allocate((counts->keys.count + 1) * sizeof *list);
    *count = 0;
    for (uint32_t word = 0; word < counts->keys.count; word++) {
        size_t length;
        const char *key = db_intern_text(&counts->keys, word, &length);
        if (length <= DOGBERRY_KEY_MAX && !db_is_break(key, length))
            list[(*count)++] = (ranked){key, length, counts->words[word].count, word};
    }
    qsort(list, *count, sizeof *list, commoner);
    uint32_t *words = db_allocate((*count + 1) * sizeof *words);
    for (size_t i = 0; i < *count; i++)
        words[i] = list[i].word;
    free(list);
    return words;
}

void db_word_counts_free(db_word_counts *counts)
{
    db_intern_free(&counts->keys);
    db_intern_free(&counts->spellings);
    free(counts->words);
    free(counts->spelled);
    *counts = (db_word_counts){0};
}
