/*
 * Validation of a tokenizer section: docs/FORMAT.md, "Tokenizer section".
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"
#include "utf8.h"

enum { SECTION_HEADER = 16, COUNT_MAX = 65535 };

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
    return dogberry_utf8_valid(entry.key, entry.key_bytes) &&
           dogberry_utf8_valid(entry.key + entry.key_bytes, entry.own_bytes);
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

int dogberry_tokenizer_open(dogberry_tokenizer *tokenizer, const void *section, size_t length)
{
    const uint8_t *p = section;
    dogberry_tokenizer t = {0};

    if (tokenizer == NULL || section == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)section & 3u) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    if (length < SECTION_HEADER)
        return DOGBERRY_ERR_TRUNCATED;
    if (p[0] == DOGBERRY_CHAR || p[0] == DOGBERRY_BPE)
        return DOGBERRY_ERR_UNSUPPORTED;
    t.kind = p[0];
    t.flags = p[1];
    t.unknown = dogberry_le16(p + 2);
    t.end = dogberry_le16(p + 4);
    t.count = dogberry_le32(p + 8);
    t.pool_bytes = dogberry_le32(p + 12);
    if (t.kind != DOGBERRY_WORD || t.flags > 3u || dogberry_le16(p + 6) != 0 || t.count < 1u || t.count > COUNT_MAX)
        return DOGBERRY_ERR_IMAGE;
    if (length < SECTION_HEADER + 10u * t.count || length - SECTION_HEADER - 10u * t.count < t.pool_bytes)
        return DOGBERRY_ERR_TRUNCATED;
    t.section = p;
    t.entries = p + SECTION_HEADER;
    t.sorted = (const uint16_t *)(const void *)(t.entries + 8u * (size_t)t.count);
    t.pool = t.entries + 10u * (size_t)t.count;
    for (uint32_t id = 0; id < t.count; id++) {
        if (!entry_is_valid(&t, id))
            return DOGBERRY_ERR_IMAGE;
    }
    if (!index_is_valid(&t) || !special_is_valid(&t, t.unknown) || !special_is_valid(&t, t.end))
        return DOGBERRY_ERR_IMAGE;
    *tokenizer = t;
    return DOGBERRY_OK;
}
