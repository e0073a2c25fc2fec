/*
 * Validation of a tokenizer section: docs/FORMAT.md, "Tokenizer section".
 *
 * SPDX-License-Identifier: MIT
 */
#include "kinds.h"
#include "tokenizer.h"
#include "utf8.h"

enum { SECTION_HEADER = 16, COUNT_MAX = 65535 };

/* The second key's place in a room for two, which is NULL for sections in memory. */
static char *second(char *room)
{
    return DOGBERRY_HAS_STREAM && room != NULL ? room + DOGBERRY_KEY_MAX : NULL;
}

/* Only words have display forms and spacing; a character is one code point, a byte piece any bytes. */
static int text_is_valid(const dogberry_tokenizer *t, const dogberry_entry *entry, const char *own)
{
    uint32_t used;

    if (!dogberry_is_word(t) && (entry->display != DOGBERRY_DISPLAY_KEY || (entry->flags & ~DOGBERRY_SPECIAL) != 0))
        return 0;
    if (dogberry_is_bpe(t))
        return 1;
    if (dogberry_is_char(t) && (entry->flags & DOGBERRY_SPECIAL) == 0)
        return dogberry_utf8_read(entry->key, entry->key_bytes, &used) != DOGBERRY_INVALID && used == entry->key_bytes;
    return dogberry_utf8_valid(entry->key, entry->key_bytes) && dogberry_utf8_valid(own, entry->own_bytes);
}

static int check_entry(const dogberry_tokenizer *t, uint32_t id, char *room)
{
    dogberry_entry entry;
    const char *own;

    if (dogberry_unread(dogberry_entry_fields(t, id, &entry)))
        return DOGBERRY_ERR_READ;
    if (entry.key_bytes < 1u || entry.key_bytes > DOGBERRY_KEY_MAX || entry.own_bytes > DOGBERRY_KEY_MAX)
        return DOGBERRY_ERR_IMAGE;
    if (entry.place > t->pool_bytes || entry.key_bytes + entry.own_bytes > t->pool_bytes - entry.place)
        return DOGBERRY_ERR_IMAGE;
    if (entry.display > DOGBERRY_DISPLAY_OWN || (entry.display != DOGBERRY_DISPLAY_OWN && entry.own_bytes != 0))
        return DOGBERRY_ERR_IMAGE;
    if (entry.flags > 15u) /* the reserved byte is in their upper half */
        return DOGBERRY_ERR_IMAGE;
    if ((id == t->unknown || id == t->end) && (entry.flags & DOGBERRY_SPECIAL) == 0)
        return DOGBERRY_ERR_IMAGE;
    if (dogberry_unread(dogberry_entry_at(t, id, &entry, room)) ||
        (own = dogberry_entry_own(t, &entry, second(room))) == NULL)
        return DOGBERRY_ERR_READ;
    return text_is_valid(t, &entry, own) ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE;
}

/* An entry whose id, or DOGBERRY_ERR_READ, was just read. Returns DOGBERRY_OK, ERR_READ or ERR_IMAGE. */
static int find_entry(const dogberry_tokenizer *t, int32_t id, dogberry_entry *entry, char *room)
{
    if (id >= (int32_t)t->count)
        return DOGBERRY_ERR_IMAGE;
    return id < 0 ? DOGBERRY_ERR_READ : dogberry_entry_at(t, (uint32_t)id, entry, room);
}

/* Strictly ascending keys of `count` ids below `count`: so every id occurs exactly once. */
static int check_index(const dogberry_tokenizer *t, char *room)
{
    dogberry_entry entries[2];

    for (uint32_t i = 0; i < t->count; i++) {
        dogberry_entry *entry = &entries[i & 1u], *before = &entries[~i & 1u];
        int status = find_entry(t, dogberry_sorted_at(t, i), entry, (i & 1u) == 0 ? room : second(room));

        if (status != DOGBERRY_OK)
            return status;
        if (i > 0 && dogberry_key_order(before->key, before->key_bytes, entry->key, entry->key_bytes) >= 0)
            return DOGBERRY_ERR_IMAGE;
    }
    return DOGBERRY_OK;
}

/* Every byte that valid UTF-8 may hold (C0, C1 and F5..FF never occur) has a token that is just this byte. */
static int check_bytes(const dogberry_tokenizer *t, char *room)
{
    dogberry_entry entry;

    for (uint32_t byte = 0; byte < DOGBERRY_BYTES_INDEX; byte++) {
        int32_t id = dogberry_sorted_at(t, byte);

        if (id == DOGBERRY_NO_TOKEN && (byte == 0xC0u || byte == 0xC1u || byte >= 0xF5u))
            continue;
        int status = find_entry(t, id, &entry, room);

        if (status != DOGBERRY_OK)
            return status;
        if (entry.flags != 0 || entry.key_bytes != 1u || (uint8_t)entry.key[0] != byte)
            return DOGBERRY_ERR_IMAGE;
    }
    return DOGBERRY_OK;
}

/* Whether the result's bytes from `at` on begin with the part's, which text may stand for. */
static int check_part(const dogberry_tokenizer *t, const dogberry_entry *result, uint32_t at, dogberry_entry *part,
                      uint32_t id, char *room)
{
    int status = find_entry(t, (int32_t)id, part, room);

    if (status != DOGBERRY_OK)
        return status;
    if ((part->flags & DOGBERRY_SPECIAL) != 0 || at + part->key_bytes > result->key_bytes ||
        dogberry_compare(result->key + at, part->key, part->key_bytes) != 0)
        return DOGBERRY_ERR_IMAGE;
    return DOGBERRY_OK;
}

/* The result's bytes are the left's and the right's. */
static int check_merge(const dogberry_tokenizer *t, const dogberry_merge *merge, char *room)
{
    dogberry_entry result, part;
    int status;

    if (merge->result >= t->count || merge->rank >= t->merge_count)
        return DOGBERRY_ERR_IMAGE;
    if (dogberry_unread(dogberry_entry_at(t, merge->result, &result, room)))
        return DOGBERRY_ERR_READ;
    status = check_part(t, &result, 0, &part, merge->left, second(room));
    if (status != DOGBERRY_OK)
        return status;
    uint32_t left_bytes = part.key_bytes;

    status = check_part(t, &result, left_bytes, &part, merge->right, second(room));
    if (status != DOGBERRY_OK)
        return status;
    return (result.flags & DOGBERRY_SPECIAL) == 0 && result.key_bytes == left_bytes + part.key_bytes
               ? DOGBERRY_OK
               : DOGBERRY_ERR_IMAGE;
}

/* Strictly ascending pairs. */
static int check_merges(const dogberry_tokenizer *t, char *room)
{
    uint32_t before = 0;

    for (uint32_t i = 0; i < t->merge_count; i++) {
        dogberry_merge merge;
        int status = dogberry_merge_at(t, i, &merge);
        uint32_t pair = (uint32_t)merge.left << 16 | merge.right;

        if (status == DOGBERRY_OK)
            status = i > 0 && pair <= before ? DOGBERRY_ERR_IMAGE : check_merge(t, &merge, room);
        if (status != DOGBERRY_OK)
            return status;
        before = pair;
    }
    return DOGBERRY_OK;
}

/* `room` has space for two keys. */
static int check_contents(const dogberry_tokenizer *t, char *room)
{
    int status = DOGBERRY_OK;

    for (uint32_t id = 0; id < t->count && status == DOGBERRY_OK; id++)
        status = check_entry(t, id, room);
    if (status != DOGBERRY_OK || !dogberry_is_bpe(t))
        return status != DOGBERRY_OK ? status : check_index(t, room);
    status = check_bytes(t, room);
    return status != DOGBERRY_OK ? status : check_merges(t, room);
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

/* Where the parts of a section of `length` bytes at `offset` are. */
static int read_header(dogberry_tokenizer *t, const uint8_t *p, uint32_t offset, size_t length)
{
    uint32_t index_bytes, before_pool;

    t->kind = p[0];
    t->flags = p[1];
    t->unknown = dogberry_le16(p + 2);
    t->end = dogberry_le16(p + 4);
    t->merge_count = dogberry_le16(p + 6);
    t->count = dogberry_le32(p + 8);
    t->pool_bytes = dogberry_le32(p + 12);
    if (t->kind < DOGBERRY_WORD || t->kind > DOGBERRY_SUBWORD || (t->flags & ~flags_of(t->kind)) != 0)
        return DOGBERRY_ERR_IMAGE;
    if ((t->kind == DOGBERRY_CHAR && !DOGBERRY_HAS_CHAR) || (t->kind == DOGBERRY_BPE && !DOGBERRY_HAS_BPE) ||
        (t->kind == DOGBERRY_SUBWORD && !DOGBERRY_HAS_SUBWORD))
        return DOGBERRY_ERR_UNSUPPORTED;
    if ((t->kind != DOGBERRY_BPE && t->merge_count != 0) || t->count < 1u || t->count > COUNT_MAX)
        return DOGBERRY_ERR_IMAGE;
    if ((uint16_t)(t->unknown + 1u) > t->count || (uint16_t)(t->end + 1u) > t->count) /* DOGBERRY_NO_TOKEN wraps to 0 */
        return DOGBERRY_ERR_IMAGE;
    index_bytes = 2u * (dogberry_is_bpe(t) ? DOGBERRY_BYTES_INDEX : t->count);
    before_pool =
        SECTION_HEADER + DOGBERRY_ENTRY_BYTES * t->count + index_bytes + DOGBERRY_MERGE_BYTES * t->merge_count;
    if (length < before_pool || length - before_pool < t->pool_bytes)
        return DOGBERRY_ERR_TRUNCATED;
    t->entries = offset + SECTION_HEADER;
    t->sorted = t->entries + DOGBERRY_ENTRY_BYTES * t->count;
    t->merges = dogberry_is_bpe(t) ? t->sorted + index_bytes : 0;
    t->pool = offset + before_pool;
    return DOGBERRY_OK;
}

int dogberry_tokenizer_open_at(dogberry_tokenizer *tokenizer, const dogberry_source *source, uint32_t offset,
                               size_t length, void *room)
{
    dogberry_tokenizer t = {0};

    if (length < SECTION_HEADER)
        return DOGBERRY_ERR_TRUNCATED;
    const uint8_t *p = dogberry_fetch(source, offset, SECTION_HEADER, room);

    if (p == NULL)
        return DOGBERRY_ERR_READ;
    t.source = *source;
    int status = read_header(&t, p, offset, length);

    if (status == DOGBERRY_OK)
        status = check_contents(&t, room);
    if (status == DOGBERRY_OK)
        *tokenizer = t;
    return status;
}

int dogberry_tokenizer_open(dogberry_tokenizer *tokenizer, const void *section, size_t length)
{
    const dogberry_source source = {section, NULL};

    if (tokenizer == NULL || section == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)section & 3u) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    return dogberry_tokenizer_open_at(tokenizer, &source, 0, length, NULL);
}
