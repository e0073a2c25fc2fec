/*
 * Entries of a word tokenizer's section, for encoder and decoder.
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

enum dogberry_display {
    DOGBERRY_DISPLAY_KEY,
    DOGBERRY_DISPLAY_CAPITAL,
    DOGBERRY_DISPLAY_UPPER,
    DOGBERRY_DISPLAY_OWN
};

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

/* Keys as unsigned bytes, a prefix first. Returns below, equal to or above 0. */
static inline int dogberry_key_order(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    int order = dogberry_compare(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);

    return order != 0 ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* What printing the token does to the decoder, without printing. */
void dogberry_decoder_advance(const dogberry_tokenizer *tokenizer, dogberry_decoder *decoder, uint32_t token);

#endif
