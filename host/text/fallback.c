/* SPDX-License-Identifier: MIT */
#include "text/fallback.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/intern.h"

enum { BYTE_VALUES = 256, NAME_LENGTH = 6 };

static int digit_of(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

bool db_fallback_byte(const char *text, size_t length, uint8_t *byte)
{
    if (length != NAME_LENGTH || memcmp(text, "<0x", 3) != 0 || text[5] != '>')
        return false;
    int high = digit_of(text[3]), low = digit_of(text[4]);
    if (high < 0 || low < 0)
        return false;
    *byte = (uint8_t)(16 * high + low);
    return true;
}

static void name_byte(uint8_t byte, char name[NAME_LENGTH])
{
    static const char digits[] = "0123456789ABCDEF";
    const char text[NAME_LENGTH] = {'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'};
    memcpy(name, text, NAME_LENGTH);
}

/* ---- Merges from scores ---- */

/* Pieces that text may stand for, by text. */
typedef struct {
    const db_entry *piece;
    uint16_t id;
} sorted_piece;

typedef struct {
    db_merge merge;
    double score;
    size_t order; /* in which it was found */
} candidate;

typedef struct {
    candidate *all;
    size_t count, capacity;
} candidates;

static int by_text(const void *left, const void *right)
{
    const sorted_piece *a = left, *b = right;
    return db_bytes_compare(a->piece->key, a->piece->key_length, b->piece->key, b->piece->key_length);
}

static int by_score(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    if (a->merge.result != b->merge.result)
        return a->merge.result < b->merge.result ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* Sorts the pieces that are neither special nor bytes. Returns them, or NULL with the error set. */
static sorted_piece *sort_pieces(const db_entry *pieces, size_t count, size_t *sorted_count, db_error *error)
{
    sorted_piece *sorted = db_allocate(count * sizeof *sorted);
    uint8_t byte;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (!pieces[i].flags && !db_fallback_byte(pieces[i].key, pieces[i].key_length, &byte))
            sorted[n++] = (sorted_piece){&pieces[i], (uint16_t)i};
    qsort(sorted, n, sizeof *sorted, by_text);
    for (size_t i = 1; i < n; i++) {
        if (by_text(&sorted[i - 1], &sorted[i]) == 0) {
            db_fail(error, "tokenizer: tokens %u and %u are both \"%.*s\"", sorted[i - 1].id, sorted[i].id,
                    (int)sorted[i].piece->key_length, sorted[i].piece->key);
            free(sorted);
            return NULL;
        }
    }
    *sorted_count = n;
    return sorted;
}

static const sorted_piece *find_piece(const sorted_piece *sorted, size_t count, const char *text, size_t length)
{
    const db_entry wanted = {.key = text, .key_length = length};
    const sorted_piece key = {&wanted, 0};
    return bsearch(&key, sorted, count, sizeof *sorted, by_text);
}

/* Every way to make a piece from two others. */
static void add_splits(candidates *found, const sorted_piece *sorted, size_t count, const sorted_piece *whole,
                       double score)
{
    const char *text = whole->piece->key;
    const size_t length = whole->piece->key_length;
    for (size_t at = 1; at < length; at++) {
        if (((uint8_t)text[at] & 0xC0) == 0x80)
            continue; /* inside a character */
        const sorted_piece *left = find_piece(sorted, count, text, at);
        const sorted_piece *right = left ? find_piece(sorted, count, text + at, length - at) : NULL;
        if (!right)
            continue;
        found->all = db_grow(found->all, &found->capacity, found->count + 1, sizeof *found->all);
        found->all[found->count] = (candidate){{left->id, right->id, whole->id}, score, found->count};
        found->count++;
    }
}

/* Whether the encoder sees a text as one piece. */
static bool is_one_piece(const db_entry *piece)
{
    dogberry_cursor cursor = {.text = piece->key, .length = piece->key_length};
    return dogberry_split_bpe(&cursor) == piece->key_length;
}

int db_fallback_merges(const db_entry *pieces, const double *scores, size_t count, db_merge **merges,
                       size_t *merge_count, size_t *lost, db_error *error)
{
    size_t sorted_count;
    sorted_piece *sorted = sort_pieces(pieces, count, &sorted_count, error);
    candidates found = {0};
    *merges = NULL;
    *merge_count = *lost = 0;
    if (!sorted)
        return -1;
    for (size_t i = 0; i < sorted_count; i++) {
        if (is_one_piece(sorted[i].piece))
            add_splits(&found, sorted, sorted_count, &sorted[i], scores[sorted[i].id]);
        else
            ++*lost;
    }
    if (found.count)
        qsort(found.all, found.count, sizeof *found.all, by_score);
    *merges = db_allocate((found.count + 1) * sizeof **merges);
    for (size_t i = 0; i < found.count; i++)
        (*merges)[i] = found.all[i].merge;
    *merge_count = found.count;
    free(found.all);
    free(sorted);
    return 0;
}

/* ---- The section ---- */

int db_fallback_build(db_tokenizer *tokenizer, const db_entry *pieces, size_t count, const db_merge *merges,
                      size_t merge_count, db_error *error)
{
    char bytes[BYTE_VALUES];
    bool is_character[BYTE_VALUES] = {false}, is_named[BYTE_VALUES] = {false};
    db_entry *entries = db_allocate(count * sizeof *entries);
    int result = 0;
    uint8_t byte;
    for (size_t i = 0; i < count; i++)
        if (!pieces[i].flags && pieces[i].key_length == 1)
            is_character[(uint8_t)pieces[i].key[0]] = true;
    for (size_t i = 0; i < count && !result; i++) {
        entries[i] = pieces[i];
        if (!db_fallback_byte(pieces[i].key, pieces[i].key_length, &byte))
            continue;
        if (is_named[byte])
            result = db_fail(error, "tokenizer: \"%.6s\" is there twice", pieces[i].key);
        is_named[byte] = true;
        if (is_character[byte]) {
            entries[i].flags = DB_ENTRY_SPECIAL;
            continue;
        }
        bytes[byte] = (char)byte;
        entries[i] = (db_entry){.key = &bytes[byte], .key_length = 1};
    }
    for (unsigned i = 0; i < BYTE_VALUES && !result; i++)
        if (!is_named[i])
            result = db_fail(error, "tokenizer: no token \"<0x%02X>\", as one for each byte is needed", i);
    if (!result)
        result = db_section_build_bpe(tokenizer, entries, count, merges, merge_count, DOGBERRY_BYTE_FALLBACK, error);
    free(entries);
    return result;
}

static bool has_special(const db_tokenizer *tokenizer, const char *text, size_t length)
{
    for (uint32_t id = 0; id < tokenizer->view.count; id++) {
        size_t key_length;
        const char *key = db_section_key(tokenizer, id, &key_length);
        if ((db_section_flags(tokenizer, id) & DB_ENTRY_SPECIAL) && key_length == length &&
            memcmp(key, text, length) == 0)
            return true;
    }
    return false;
}

size_t db_fallback_text(const db_tokenizer *tokenizer, uint32_t id, char text[DOGBERRY_KEY_MAX])
{
    size_t length;
    const char *key = db_section_key(tokenizer, id, &length);
    if (length == 1 && !(db_section_flags(tokenizer, id) & DB_ENTRY_SPECIAL)) {
        name_byte((uint8_t)key[0], text);
        if (!has_special(tokenizer, text, NAME_LENGTH))
            return NAME_LENGTH;
    }
    memcpy(text, key, length);
    return length;
}
