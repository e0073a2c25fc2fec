/* SPDX-License-Identifier: MIT */
#include "text/section.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/intern.h"

enum { HEADER_BYTES = 16, ENTRY_BYTES = 8, MERGE_BYTES = 8, BYTE_VALUES = 256, POOL_MAX = 1 << 24 };

static void put16(uint8_t *place, uint32_t value)
{
    place[0] = (uint8_t)value;
    place[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *place, uint32_t value)
{
    put16(place, value & 0xFFFF);
    put16(place + 2, value >> 16);
}

static uint32_t get32(const uint8_t *place)
{
    return (uint32_t)place[0] | (uint32_t)place[1] << 8 | (uint32_t)place[2] << 16 | (uint32_t)place[3] << 24;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Turns a key into what codes 0..2 print; ASCII letters only, as the device does. */
static void capitalize(char *text, size_t length, int code)
{
    size_t raised = code == DB_DISPLAY_CAPITALS ? length : code == DB_DISPLAY_CAPITAL ? 1 : 0;
    for (size_t i = 0; i < raised; i++)
        text[i] = upper(text[i]);
}

int db_display_code(const char *key, size_t key_length, const char *display, size_t display_length)
{
    char text[DOGBERRY_KEY_MAX];
    if (key_length != display_length || key_length > sizeof text)
        return DB_DISPLAY_OWN;
    for (int code = DB_DISPLAY_KEY; code < DB_DISPLAY_OWN; code++) {
        memcpy(text, key, key_length);
        capitalize(text, key_length, code);
        if (memcmp(text, display, key_length) == 0)
            return code;
    }
    return DB_DISPLAY_OWN;
}

typedef struct {
    const char *key;
    size_t length;
    uint16_t id;
} sorted_key;

static int by_key(const void *left, const void *right)
{
    const sorted_key *a = left, *b = right;
    return db_bytes_compare(a->key, a->length, b->key, b->length);
}

static int write_sorted(uint8_t *place, const db_entry *entries, size_t count, db_error *error)
{
    sorted_key *keys = db_allocate(count * sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = (sorted_key){entries[i].key, entries[i].key_length, (uint16_t)i};
    qsort(keys, count, sizeof *keys, by_key);
    int result = 0;
    for (size_t i = 0; i < count && !result; i++) {
        put16(place + 2 * i, keys[i].id);
        if (i && by_key(&keys[i - 1], &keys[i]) == 0)
            result = db_fail(error, "tokenizer: \"%.*s\" is there twice", (int)keys[i].length, keys[i].key);
    }
    free(keys);
    return result;
}

/* Writes one entry and its texts. Returns the pool bytes used. */
static size_t write_entry(uint8_t *place, uint8_t *pool, size_t offset, const db_entry *entry)
{
    int code = DB_DISPLAY_KEY;
    if (entry->display)
        code = db_display_code(entry->key, entry->key_length, entry->display, entry->display_length);
    size_t own = code == DB_DISPLAY_OWN ? entry->display_length : 0;
    put32(place, (uint32_t)offset | (uint32_t)entry->key_length << 24);
    place[4] = (uint8_t)code;
    place[5] = (uint8_t)own;
    place[6] = entry->flags;
    memcpy(pool + offset, entry->key, entry->key_length);
    if (own)
        memcpy(pool + offset + entry->key_length, entry->display, own);
    return entry->key_length + own;
}

static uint16_t find_special(const db_entry *entries, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if ((entries[i].flags & DB_ENTRY_SPECIAL) && entries[i].key_length == strlen(text) &&
            memcmp(entries[i].key, text, entries[i].key_length) == 0)
            return (uint16_t)i;
    return DOGBERRY_NO_TOKEN;
}

/* Header, entries and pool, with `middle` bytes of index and merges before the pool.
 * Returns where those start, or NULL with the error set. */
static uint8_t *start_section(db_tokenizer *tokenizer, int kind, const db_entry *entries, size_t count, size_t middle,
                              db_error *error)
{
    assert(count >= 16 && count <= DB_VOCAB_MAX);
    size_t pool_most = 0, pool_bytes = 0, middle_offset = HEADER_BYTES + ENTRY_BYTES * count;
    for (size_t i = 0; i < count; i++) {
        assert(entries[i].key_length >= 1 && entries[i].key_length <= DOGBERRY_KEY_MAX);
        assert(!entries[i].display || entries[i].display_length <= DOGBERRY_KEY_MAX);
        pool_most += entries[i].key_length + (entries[i].display ? entries[i].display_length : 0);
    }
    if (pool_most > POOL_MAX) {
        db_fail(error, "tokenizer: the vocabulary's texts take more than 16 MB; use a smaller vocabulary");
        return NULL;
    }
    uint8_t *section = db_allocate(middle_offset + middle + pool_most + 16);
    section[0] = (uint8_t)kind;
    put16(section + 2, find_special(entries, count, DB_UNKNOWN_TEXT));
    put16(section + 4, find_special(entries, count, DB_DOCUMENT_SEPARATOR));
    put32(section + 8, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        pool_bytes += write_entry(section + HEADER_BYTES + ENTRY_BYTES * i, section + middle_offset + middle,
                                  pool_bytes, &entries[i]);
    put32(section + 12, (uint32_t)pool_bytes);
    tokenizer->section = section;
    tokenizer->section_bytes = middle_offset + middle + pool_bytes;
    return section + middle_offset;
}

static int open_section(db_tokenizer *tokenizer, db_error *error)
{
    int status = dogberry_tokenizer_open(&tokenizer->view, tokenizer->section, tokenizer->section_bytes);
    return status ? db_fail(error, "tokenizer: the runtime refuses it: %s", dogberry_status_name(status)) : 0;
}

int db_section_build(db_tokenizer *tokenizer, int kind, const db_entry *entries, size_t count, uint32_t flags,
                     db_error *error)
{
    uint8_t *index = start_section(tokenizer, kind, entries, count, 2 * count, error);
    if (!index || write_sorted(index, entries, count, error))
        return -1;
    tokenizer->section[1] = (uint8_t)flags;
    return open_section(tokenizer, error);
}

/* A merge and its rank, for sorting by pair. */
typedef struct {
    uint32_t pair;
    uint16_t result, rank;
} ranked_merge;

static int by_pair(const void *left, const void *right)
{
    const ranked_merge *a = left, *b = right;
    return (a->pair > b->pair) - (a->pair < b->pair);
}

static int write_merges(uint8_t *place, const db_merge *merges, size_t count, db_error *error)
{
    ranked_merge *sorted = db_allocate((count + 1) * sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (ranked_merge){(uint32_t)merges[i].left << 16 | merges[i].right, merges[i].result, (uint16_t)i};
    qsort(sorted, count, sizeof *sorted, by_pair);
    int result = 0;
    for (size_t i = 0; i < count && !result; i++) {
        put16(place + MERGE_BYTES * i, sorted[i].pair >> 16);
        put16(place + MERGE_BYTES * i + 2, sorted[i].pair & 0xFFFF);
        put16(place + MERGE_BYTES * i + 4, sorted[i].result);
        put16(place + MERGE_BYTES * i + 6, sorted[i].rank);
        if (i && sorted[i].pair == sorted[i - 1].pair)
            result = db_fail(error, "tokenizer: tokens %u and %u have two merges", sorted[i].pair >> 16,
                             sorted[i].pair & 0xFFFF);
    }
    free(sorted);
    return result;
}

static void write_byte_index(uint8_t *place, const db_entry *entries, size_t count)
{
    memset(place, 0xFF, 2 * BYTE_VALUES);
    for (size_t i = 0; i < count; i++)
        if (entries[i].key_length == 1 && !(entries[i].flags & DB_ENTRY_SPECIAL))
            put16(place + 2 * (uint8_t)entries[i].key[0], (uint32_t)i);
}

int db_section_build_bpe(db_tokenizer *tokenizer, const db_entry *entries, size_t count, const db_merge *merges,
                         size_t merge_count, uint32_t flags, db_error *error)
{
    if (merge_count > DB_VOCAB_MAX)
        return db_fail(error, "tokenizer: %zu merges, at most %u can be kept", merge_count, DB_VOCAB_MAX);
    size_t middle = 2 * BYTE_VALUES + MERGE_BYTES * merge_count;
    uint8_t *index = start_section(tokenizer, DOGBERRY_BPE, entries, count, middle, error);
    if (!index)
        return -1;
    tokenizer->section[1] = (uint8_t)flags;
    put16(tokenizer->section + 6, (uint32_t)merge_count);
    write_byte_index(index, entries, count);
    if (write_merges(index + 2 * BYTE_VALUES, merges, merge_count, error))
        return -1;
    return open_section(tokenizer, error);
}

static uint16_t get16(const uint8_t *place)
{
    return (uint16_t)(place[0] | place[1] << 8);
}

db_merge *db_section_merges(const db_tokenizer *tokenizer)
{
    db_merge *merges = db_allocate((tokenizer->view.merge_count + 1) * sizeof *merges);
    for (uint32_t i = 0; i < tokenizer->view.merge_count; i++) {
        const uint8_t *record = tokenizer->section + tokenizer->view.merges + (size_t)MERGE_BYTES * i;
        merges[get16(record + 6)] = (db_merge){get16(record), get16(record + 2), get16(record + 4)};
    }
    return merges;
}

static const uint8_t *entry_at(const db_tokenizer *tokenizer, uint32_t id)
{
    assert(id < tokenizer->view.count);
    return tokenizer->section + tokenizer->view.entries + (size_t)ENTRY_BYTES * id;
}

const char *db_section_key(const db_tokenizer *tokenizer, uint32_t id, size_t *length)
{
    uint32_t place = get32(entry_at(tokenizer, id));
    *length = place >> 24;
    return (const char *)tokenizer->section + tokenizer->view.pool + (place & 0xFFFFFF);
}

uint8_t db_section_flags(const db_tokenizer *tokenizer, uint32_t id)
{
    return entry_at(tokenizer, id)[6];
}

size_t db_section_display(const db_tokenizer *tokenizer, uint32_t id, char text[DOGBERRY_KEY_MAX])
{
    const uint8_t *entry = entry_at(tokenizer, id);
    size_t length;
    const char *key = db_section_key(tokenizer, id, &length);
    assert(length <= DOGBERRY_KEY_MAX && entry[5] <= DOGBERRY_KEY_MAX);
    if (entry[4] == DB_DISPLAY_OWN) {
        memcpy(text, key + length, entry[5]);
        return entry[5];
    }
    memcpy(text, key, length);
    capitalize(text, length, entry[4]);
    return length;
}
