/*
 * Entries and merges of a tokenizer's section, for encoder and decoder.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_TOKENIZER_H
#define DOGBERRY_TOKENIZER_H

#include "bytes.h"
#include "dogberry.h"
#include "seam.h"
#include "source.h"

#define DOGBERRY_ENTRY_BYTES 8u
#define DOGBERRY_SPECIAL 8u /* entry flag beside the public ones: not matched, prints nothing */

enum dogberry_display { DOGBERRY_DISPLAY_KEY, DOGBERRY_DISPLAY_CAPITAL, DOGBERRY_DISPLAY_UPPER, DOGBERRY_DISPLAY_OWN };

typedef struct {
    const char *key; /* in the section, or in a room */
    uint32_t key_bytes, own_bytes, display, flags;
    uint32_t place; /* of the key, in the pool; an own display text follows it */
} dogberry_entry;

/* Everything but the key, of an `id` below the tokenizer's count. Returns DOGBERRY_OK or ERR_READ. */
int dogberry_entry_fields(const dogberry_tokenizer *tokenizer, uint32_t id, dogberry_entry *entry);

/* The same with the key, which a section that was opened holds; streamed, it is in `room` [DOGBERRY_KEY_MAX].
 * Returns DOGBERRY_OK or ERR_READ. */
int dogberry_entry_at(const dogberry_tokenizer *tokenizer, uint32_t id, dogberry_entry *entry, void *room);

/* The own display text of an entry; streamed, it is in `room` [DOGBERRY_KEY_MAX]. Returns NULL where it could not be
 * read. */
static inline const char *dogberry_entry_own(const dogberry_tokenizer *tokenizer, const dogberry_entry *entry,
                                             void *room)
{
    if (!dogberry_is_streamed(&tokenizer->source))
        return entry->key + entry->key_bytes;
    return dogberry_fetch(&tokenizer->source, tokenizer->pool + entry->place + entry->key_bytes, entry->own_bytes,
                          room);
}

/* Number `at` of the section's index: see dogberry_tokenizer. Returns an id, DOGBERRY_NO_TOKEN, or ERR_READ. */
static inline int32_t dogberry_sorted_at(const dogberry_tokenizer *tokenizer, uint32_t at)
{
    return dogberry_fetch_u16(&tokenizer->source, tokenizer->sorted + 2u * at);
}

/* A section inside a source; otherwise dogberry_tokenizer_open(). Streamed, `room` [2 * DOGBERRY_KEY_MAX] is scratch.
 */
int dogberry_tokenizer_open_at(dogberry_tokenizer *tokenizer, const dogberry_source *source, uint32_t offset,
                               size_t length, void *room);

#define DOGBERRY_BPE_PIECE_MAX 63u /* bytes; dogberry_split_bpe() never gives more */
#define DOGBERRY_BYTES_INDEX 256u  /* of a BPE section: ids by byte, DOGBERRY_NO_TOKEN where there is none */
#define DOGBERRY_MERGE_BYTES 8u

/* Two tokens in a row become one; of several that apply the lowest rank goes first. As it stands in the section. */
typedef struct {
    uint16_t left, right, result, rank;
} dogberry_merge;

DOGBERRY_STATIC_ASSERT(sizeof(dogberry_merge) == DOGBERRY_MERGE_BYTES, merge_size);

/* `at` is below the tokenizer's merge_count; ascending by left and right. Returns DOGBERRY_OK or ERR_READ. */
static inline int dogberry_merge_at(const dogberry_tokenizer *tokenizer, uint32_t at, dogberry_merge *merge)
{
    const dogberry_merge *there = dogberry_fetch(&tokenizer->source, tokenizer->merges + (uint32_t)sizeof *merge * at,
                                                 (uint32_t)sizeof *merge, merge);

    if (there == NULL)
        return DOGBERRY_ERR_READ;
    *merge = *there;
    return DOGBERRY_OK;
}

/* dogberry_encode() for one kind. */
int dogberry_encode_word(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);
int dogberry_encode_char(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);
int dogberry_encode_bpe(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);
int dogberry_encode_subword(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);

/* Binary search in a sorted index. Returns the id whose key is the piece and that text may stand for, or
 * DOGBERRY_NO_TOKEN, or ERR_READ. */
int dogberry_find_key(const dogberry_tokenizer *tokenizer, const char *piece, size_t length);

/* Keys as unsigned bytes, a prefix first. Returns below, equal to or above 0. */
static inline int dogberry_key_order(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    int order = dogberry_compare(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);

    return order != 0 ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* What printing the token does to the decoder, without printing. Returns DOGBERRY_OK or ERR_READ. */
int dogberry_decoder_advance(const dogberry_tokenizer *tokenizer, dogberry_decoder *decoder, uint32_t token);

#endif
