/*
 * Validation of a tokenizer section: docs/FORMAT.md, "Tokenizer section".
 *
 * SPDX-License-Identifier: MIT
 */
#include "kinds.h"
#include "tokenizer.h"
#include "utf8.h"

enum { SECTION_HEADER = 16, COUNT_MAX = 65535 };

/* Only words have display forms and spacing; a character is one code point, a byte piece any bytes. */
static int text_is_valid(const dogberry_tokenizer *t, const dogberry_entry *entry)
{
    uint32_t used;

    if (!dogberry_is_word(t) && (entry->display != DOGBERRY_DISPLAY_KEY || (entry->flags & ~DOGBERRY_SPECIAL) != 0))
        return 0;
    if (dogberry_is_bpe(t))
        return 1;
    if (dogberry_is_char(t) && (entry->flags & DOGBERRY_SPECIAL) == 0)
        return dogberry_utf8_read(entry->key, entry->key_bytes, &used) != DOGBERRY_INVALID && used == entry->key_bytes;
    return dogberry_utf8_valid(entry->key, entry->key_bytes) &&
           dogberry_utf8_valid(entry->key + entry->key_bytes, entry->own_bytes);
}

static int entry_is_valid(const dogberry_tokenizer *t, uint32_t id)
{
    const uint8_t *record = t->entries + (size_t)id * DOGBERRY_ENTRY_BYTES;
    uint32_t offset = dogberry_le32(record) & 0xFFFFFFu;
    dogberry_entry entry = dogberry_entry_at(t, id);

    if (entry.key_bytes < 1u || entry.key_bytes > DOGBERRY_KEY_MAX || entry.own_bytes > DOGBERRY_KEY_MAX)
        return 0;
    if (offset > t->pool_bytes || entry.key_bytes + entry.own_bytes > t->pool_bytes - offset)
        return 0;
    if (entry.display > DOGBERRY_DISPLAY_OWN || (entry.display != DOGBERRY_DISPLAY_OWN && entry.own_bytes != 0))
        return 0;
    if (entry.flags > 15u || record[7] != 0)
        return 0;
    return text_is_valid(t, &entry);
}

/* Strictly ascending keys of `count` ids below `count`: so every id occurs exactly once. */
static int index_is_valid(const dogberry_tokenizer *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->sorted[i] >= t->count)
            return 0;
        if (i > 0) {
            dogberry_entry a = dogberry_entry_at(t, t->sorted[i - 1u]), b = dogberry_entry_at(t, t->sorted[i]);

            if (dogberry_key_order(a.key, a.key_bytes, b.key, b.key_bytes) >= 0)
                return 0;
        }
    }
    return 1;
}

/* A token named in the header is none, or one that exists and is special. */
static int special_is_valid(const dogberry_tokenizer *t, uint16_t id)
{
    return id == DOGBERRY_NO_TOKEN || (id < t->count && (dogberry_entry_at(t, id).flags & DOGBERRY_SPECIAL) != 0);
}

/* Every byte that valid UTF-8 may hold (C0, C1 and F5..FF never occur) has a token that is just this byte. */
static int bytes_are_valid(const dogberry_tokenizer *t)
{
    for (uint32_t byte = 0; byte < DOGBERRY_BYTES_INDEX; byte++) {
        uint16_t id = t->sorted[byte];

        if (id == DOGBERRY_NO_TOKEN && (byte == 0xC0u || byte == 0xC1u || byte >= 0xF5u))
            continue;
        if (id >= t->count)
            return 0;
        dogberry_entry entry = dogberry_entry_at(t, id);

        if (entry.flags != 0 || entry.key_bytes != 1u || (uint8_t)entry.key[0] != byte)
            return 0;
    }
    return 1;
}

/* The result's bytes are the left's and the right's. */
static int merge_is_valid(const dogberry_tokenizer *t, dogberry_merge merge)
{
    if (merge.left >= t->count || merge.right >= t->count || merge.result >= t->count || merge.rank >= t->merge_count)
        return 0;
    dogberry_entry left = dogberry_entry_at(t, merge.left), right = dogberry_entry_at(t, merge.right);
    dogberry_entry result = dogberry_entry_at(t, merge.result);

    return ((left.flags | right.flags | result.flags) & DOGBERRY_SPECIAL) == 0 &&
           result.key_bytes == left.key_bytes + right.key_bytes &&
           dogberry_compare(result.key, left.key, left.key_bytes) == 0 &&
           dogberry_compare(result.key + left.key_bytes, right.key, right.key_bytes) == 0;
}

/* Strictly ascending pairs. */
static int merges_are_valid(const dogberry_tokenizer *t)
{
    uint32_t before = 0;

    for (uint32_t i = 0; i < t->merge_count; i++) {
        dogberry_merge merge = dogberry_merge_at(t, i);
        uint32_t pair = (uint32_t)merge.left << 16 | merge.right;

        if ((i > 0 && pair <= before) || !merge_is_valid(t, merge))
            return 0;
        before = pair;
    }
    return 1;
}

static int contents_are_valid(const dogberry_tokenizer *t)
{
    for (uint32_t id = 0; id < t->count; id++) {
        if (!entry_is_valid(t, id))
            return 0;
    }
    if (!special_is_valid(t, t->unknown) || !special_is_valid(t, t->end))
        return 0;
    return dogberry_is_bpe(t) ? bytes_are_valid(t) && merges_are_valid(t) : index_is_valid(t);
}

/* The section flags that a kind may have. */
static uint32_t flags_of(uint32_t kind)
{
    if (kind == DOGBERRY_WORD)
        return DOGBERRY_CAPITALIZE_SENTENCES | DOGBERRY_CAPITALIZE_LINES;
    if (kind == DOGBERRY_SUBWORD)
        return DOGBERRY_FOLD_CAPITALS | DOGBERRY_ACROSS_PIECES;
    return kind == DOGBERRY_BPE ? DOGBERRY_BYTE_FALLBACK : 0u;
}

int dogberry_tokenizer_open(dogberry_tokenizer *tokenizer, const void *section, size_t length)
{
    const uint8_t *p = section;
    dogberry_tokenizer t = {0};
    uint32_t index_bytes, before_pool;

    if (tokenizer == NULL || section == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)section & 3u) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    if (length < SECTION_HEADER)
        return DOGBERRY_ERR_TRUNCATED;
    t.kind = p[0];
    t.flags = p[1];
    t.unknown = dogberry_le16(p + 2);
    t.end = dogberry_le16(p + 4);
    t.merge_count = dogberry_le16(p + 6);
    t.count = dogberry_le32(p + 8);
    t.pool_bytes = dogberry_le32(p + 12);
    if (t.kind < DOGBERRY_WORD || t.kind > DOGBERRY_SUBWORD || (t.flags & ~flags_of(t.kind)) != 0)
        return DOGBERRY_ERR_IMAGE;
    if ((t.kind == DOGBERRY_CHAR && !DOGBERRY_HAS_CHAR) || (t.kind == DOGBERRY_BPE && !DOGBERRY_HAS_BPE) ||
        (t.kind == DOGBERRY_SUBWORD && !DOGBERRY_HAS_SUBWORD))
        return DOGBERRY_ERR_UNSUPPORTED;
    if ((t.kind != DOGBERRY_BPE && t.merge_count != 0) || t.count < 1u || t.count > COUNT_MAX)
        return DOGBERRY_ERR_IMAGE;
    index_bytes = 2u * (dogberry_is_bpe(&t) ? DOGBERRY_BYTES_INDEX : t.count);
    before_pool = SECTION_HEADER + DOGBERRY_ENTRY_BYTES * t.count + index_bytes + DOGBERRY_MERGE_BYTES * t.merge_count;
    if (length < before_pool || length - before_pool < t.pool_bytes)
        return DOGBERRY_ERR_TRUNCATED;
    t.section = p;
    t.entries = p + SECTION_HEADER;
    t.sorted = (const uint16_t *)(const void *)(t.entries + (size_t)DOGBERRY_ENTRY_BYTES * t.count);
    t.merges = dogberry_is_bpe(&t) ? (const uint8_t *)t.sorted + index_bytes : NULL;
    t.pool = p + before_pool;
    if (!contents_are_valid(&t))
        return DOGBERRY_ERR_IMAGE;
    *tokenizer = t;
    return DOGBERRY_OK;
}
