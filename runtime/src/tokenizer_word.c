/*
 * Word pieces to ids by binary search in the section's sorted index.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"

int dogberry_find_key(const dogberry_tokenizer *tokenizer, const char *piece, size_t length)
{
    uint32_t low = 0, high = tokenizer->count;
    dogberry_entry entry;
    char room[DOGBERRY_KEY_MAX];

    while (low < high) {
        uint32_t middle = (low + high) / 2u;
        int32_t id = dogberry_sorted_at(tokenizer, middle);

        if (id < 0 || dogberry_unread(dogberry_entry_at(tokenizer, (uint32_t)id, &entry, room)))
            return DOGBERRY_ERR_READ;
        int order = dogberry_key_order(entry.key, entry.key_bytes, piece, length);

        if (order == 0)
            return (entry.flags & DOGBERRY_SPECIAL) != 0 ? (int)DOGBERRY_NO_TOKEN : (int)id;
        if (order < 0)
            low = middle + 1u;
        else
            high = middle;
    }
    return DOGBERRY_NO_TOKEN;
}

int dogberry_encode_word(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    char piece[DOGBERRY_KEY_MAX];
    size_t length;

    while ((length = dogberry_split(cursor, piece, sizeof piece)) != 0) {
        int id = length <= sizeof piece ? dogberry_find_key(tokenizer, piece, length) : (int)DOGBERRY_NO_TOKEN;

        if (id == DOGBERRY_NO_TOKEN)
            id = tokenizer->unknown;
        if (id != DOGBERRY_NO_TOKEN)
            return id;
    }
    return -1;
}
