/*
 * Byte-level BPE: a piece's bytes, then the merge of lowest rank wherever it applies, until
 * none does (Sennrich, Haddow and Birch, "Neural machine translation of rare words with
 * subword units", 2016). Merges are found by binary search in the section; the scratch is
 * one piece on the stack.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"
#include "utf8.h"

enum { TOKENS_MAX = DOGBERRY_BPE_PIECE_MAX + 1 }; /* a piece of the longest, and the space before a text */

/* The tokens of a piece, and for each the merge with the one behind it. */
typedef struct {
    uint16_t ids[TOKENS_MAX], merges[TOKENS_MAX];
    uint32_t count;
} tokens;

enum { NO_MERGE = 0xFFFF };

static uint16_t find_merge(const dogberry_tokenizer *tokenizer, uint16_t left, uint16_t right)
{
    uint32_t low = 0, high = tokenizer->merge_count, wanted = (uint32_t)left << 16 | right;

    while (low < high) {
        uint32_t middle = (low + high) / 2u;
        dogberry_merge merge = dogberry_merge_at(tokenizer, middle);
        uint32_t pair = (uint32_t)merge.left << 16 | merge.right;

        if (pair == wanted)
            return (uint16_t)middle;
        if (pair < wanted)
            low = middle + 1u;
        else
            high = middle;
    }
    return NO_MERGE;
}

static void look_up(const dogberry_tokenizer *tokenizer, tokens *t, uint32_t i)
{
    t->merges[i] = i + 1u < t->count ? find_merge(tokenizer, t->ids[i], t->ids[i + 1u]) : (uint16_t)NO_MERGE;
}

/* Returns the place of the leftmost pair whose merge has the lowest rank, or count when there is none. */
static uint32_t find_best(const dogberry_tokenizer *tokenizer, const tokens *t)
{
    uint32_t best = t->count, best_rank = 0x10000u;

    for (uint32_t i = 0; i < t->count; i++) {
        if (t->merges[i] != NO_MERGE) {
            uint32_t rank = dogberry_merge_at(tokenizer, t->merges[i]).rank;

            if (rank < best_rank) {
                best_rank = rank;
                best = i;
            }
        }
    }
    return best;
}

static void merge_piece(const dogberry_tokenizer *tokenizer, tokens *t)
{
    uint32_t at;

    for (uint32_t i = 0; i < t->count; i++)
        look_up(tokenizer, t, i);
    while ((at = find_best(tokenizer, t)) < t->count) {
        t->ids[at] = dogberry_merge_at(tokenizer, t->merges[at]).result;
        t->count--;
        for (uint32_t i = at + 1u; i < t->count; i++) {
            t->ids[i] = t->ids[i + 1u];
            t->merges[i] = t->merges[i + 1u];
        }
        look_up(tokenizer, t, at);
        if (at > 0)
            look_up(tokenizer, t, at - 1u);
    }
}

/* A character's own token, if it has one. Few have: the search is through all entries. */
static uint16_t find_character(const dogberry_tokenizer *tokenizer, const char *bytes, uint32_t length)
{
    for (uint32_t id = 0; id < tokenizer->count; id++) {
        dogberry_entry entry = dogberry_entry_at(tokenizer, id);

        if (entry.key_bytes == length && (entry.flags & DOGBERRY_SPECIAL) == 0 &&
            dogberry_compare(entry.key, bytes, length) == 0)
            return (uint16_t)id;
    }
    return DOGBERRY_NO_TOKEN;
}

static int falls_back(const dogberry_tokenizer *tokenizer)
{
    return (tokenizer->flags & DOGBERRY_BYTE_FALLBACK) != 0;
}

/* Appends the bytes as tokens. Returns 0 where one of them has no token, which no valid UTF-8 holds. */
static int append_bytes(const dogberry_tokenizer *tokenizer, const char *bytes, size_t length, tokens *t)
{
    for (size_t i = 0; i < length; i++) {
        uint16_t id = tokenizer->sorted[(uint8_t)bytes[i]];

        if (id == DOGBERRY_NO_TOKEN)
            return 0;
        t->ids[t->count++] = id;
    }
    return 1;
}

/* The piece before anything is merged; `lead` (0 or 1) spaces stand before it. With byte fallback characters that have
 * a token of their own are that. */
static int start_piece(const dogberry_tokenizer *tokenizer, const char *bytes, size_t length, size_t lead, tokens *t)
{
    uint32_t used;
    int done;

    t->count = 0;
    done = append_bytes(tokenizer, " ", lead, t);
    for (size_t i = 0; i < length && done; i += used) {
        uint16_t id = DOGBERRY_NO_TOKEN;

        dogberry_utf8_read(bytes + i, length - i, &used);
        if (used > 1u && falls_back(tokenizer))
            id = find_character(tokenizer, bytes + i, used);
        if (id != DOGBERRY_NO_TOKEN)
            t->ids[t->count++] = id;
        else
            done = append_bytes(tokenizer, bytes + i, used, t);
    }
    return done;
}

/* Whether the text's first piece is at work, and a space stands before it: nothing was given out, or more than was read
 * (that space, a token's first byte or a whole one, is not in the text). */
static int is_led(const dogberry_tokenizer *tokenizer, const dogberry_cursor *cursor)
{
    return falls_back(tokenizer) && (cursor->at < cursor->before || (cursor->at == 0 && cursor->before == 0));
}

/* cursor->before is how many bytes of the piece were given out: the piece is merged again for
 * each of its tokens, which costs time but no memory between the calls. */
int dogberry_encode_bpe(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    tokens t;

    for (;;) {
        dogberry_cursor piece = *cursor;
        size_t lead = is_led(tokenizer, cursor) ? 1u : 0u, length, offset = 0;

        if (cursor->before > 0)
            piece.at += lead - cursor->before;
        length = dogberry_split_bpe(&piece);
        if (length == 0)
            return -1;
        if (!start_piece(tokenizer, piece.text + piece.start, length, lead, &t)) {
            cursor->at = piece.at;
            cursor->before = 0;
            continue;
        }
        merge_piece(tokenizer, &t);
        for (uint32_t i = 0; i < t.count; i++) {
            size_t bytes = dogberry_entry_at(tokenizer, t.ids[i]).key_bytes;

            if (offset == cursor->before) {
                cursor->start = piece.start + offset - (offset > 0 ? lead : 0u);
                cursor->at = piece.start + offset + bytes - lead;
                cursor->before = (uint8_t)(offset + bytes == length + lead ? 0 : offset + bytes);
                return t.ids[i];
            }
            offset += bytes;
        }
        return -1; /* the cursor was moved by someone else */
    }
}
