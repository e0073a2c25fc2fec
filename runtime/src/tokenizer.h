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

#define DOGBERRY_ENTRY_BYTES 8u
#define DOGBERRY_SPECIAL 8u /* entry flag beside the public ones: not matched, prints nothing */

enum dogberry_display { DOGBERRY_DISPLAY_KEY, DOGBERRY_DISPLAY_CAPITAL, DOGBERRY_DISPLAY_UPPER, DOGBERRY_DISPLAY_OWN };

typedef struct {
    const char *key; /* an own display text follows it */
    uint32_t key_bytes, own_bytes, display, flags;
} dogberry_entry;

/* `id` is below the tokenizer's count. */
static inline dogberry_entry dogberry_entry_at(const dogberry_tokenizer *tokenizer, uint32_t id)
{
    const uint8_t *record = tokenizer->entries + (size_t)id * DOGBERRY_ENTRY_BYTES;
    uint32_t word = dogberry_le32(record);
    dogberry_entry entry = {(const char *)tokenizer->pool + (word & 0xFFFFFFu), word >> 24, record[5], record[4],
                            record[6]};

    return entry;
}

#define DOGBERRY_BPE_PIECE_MAX 63u /* bytes; dogberry_split_bpe() never gives more */
#define DOGBERRY_BYTES_INDEX 256u  /* of a BPE section: ids by byte, DOGBERRY_NO_TOKEN where there is none */
#define DOGBERRY_MERGE_BYTES 8u

/* Two tokens in a row become one; of several that apply the lowest rank goes first. */
typedef struct {
    uint16_t left, right, result, rank;
} dogberry_merge;

/* `at` is below the tokenizer's merge_count; ascending by left and right. */
static inline dogberry_merge dogberry_merge_at(const dogberry_tokenizer *tokenizer, uint32_t at)
{
    const uint8_t *p = tokenizer->merges + (size_t)at * DOGBERRY_MERGE_BYTES;
    dogberry_merge merge = {dogberry_le16(p), dogberry_le16(p + 2), dogberry_le16(p + 4), dogberry_le16(p + 6)};

    return merge;
}

/* dogberry_encode() for one kind. */
int dogberry_encode_word(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);
int dogberry_encode_char(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);
int dogberry_encode_bpe(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);
int dogberry_encode_subword(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);

/* Binary search in a sorted index. Returns the id whose key is the piece and that text may stand for, or
 * DOGBERRY_NO_TOKEN. */
uint16_t dogberry_find_key(const dogberry_tokenizer *tokenizer, const char *piece, size_t length);

/* Keys as unsigned bytes, a prefix first. Returns below, equal to or above 0. */
static inline int dogberry_key_order(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    int order = dogberry_compare(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);

    return order != 0 ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* What printing the token does to the decoder, without printing. */
void dogberry_decoder_advance(const dogberry_tokenizer *tokenizer, dogberry_decoder *decoder, uint32_t token);

#endif
