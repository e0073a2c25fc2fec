/*
 * One entry of a tokenizer's section. A streamed one may have changed since it was checked: its lengths
 * are looked at again before the text is read into a room.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"

int dogberry_entry_fields(const dogberry_tokenizer *tokenizer, uint32_t id, dogberry_entry *entry)
{
    uint32_t room[DOGBERRY_ENTRY_BYTES / 4u];
    const uint8_t *record =
        dogberry_fetch(&tokenizer->source, tokenizer->entries + DOGBERRY_ENTRY_BYTES * id, sizeof room, room);

    if (record == NULL)
        return DOGBERRY_ERR_READ;
    entry->place = dogberry_le32(record) & 0xFFFFFFu;
    entry->key_bytes = record[3];
    entry->display = record[4];
    entry->own_bytes = record[5];
    entry->flags = dogberry_le16(record + 6);
    return DOGBERRY_OK;
}

int dogberry_entry_at(const dogberry_tokenizer *tokenizer, uint32_t id, dogberry_entry *entry, void *room)
{
    if (dogberry_unread(dogberry_entry_fields(tokenizer, id, entry)) ||
        (DOGBERRY_HAS_STREAM &&
         (entry->key_bytes < 1u || entry->key_bytes > DOGBERRY_KEY_MAX || entry->own_bytes > DOGBERRY_KEY_MAX)))
        return DOGBERRY_ERR_READ;
    entry->key = dogberry_fetch(&tokenizer->source, tokenizer->pool + entry->place, entry->key_bytes, room);
    return entry->key != NULL ? DOGBERRY_OK : DOGBERRY_ERR_READ;
}
