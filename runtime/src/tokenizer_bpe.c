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

/* The tokens of a piece, and for each the rank of the merge with the one behind it. */
typedef struct {
    uint16_t ids[TOKENS_MAX], ranks[TOKENS_MAX];
    uint32_t count;
} tokens;

enum { NO_MERGE = 0xFFFF };

/* *merge has rank NO_MERGE where the tokens do not merge. Returns DOGBERRY_OK or ERR_READ. */
static int find_merge(const dogberry_tokenizer *tokenizer, const uint16_t *pair, dogberry_merge *merge)
{
    uint32_t low = 0, high = tokenizer->merge_count, wanted = (uint32_t)pair[0] << 16 | pair[1];

    while (low < high) {
        uint32_t middle = (low + high) / 2u;

        if (dogberry_merge_at(tokenizer, middle, merge) != DOGBERRY_OK)
            return DOGBERRY_ERR_READ;
        uint32_t found = (uint32_t)merge->left << 16 | merge->right;

        if (found == wanted)
            return DOGBERRY_OK;
        if (found < wanted)
            low = middle + 1u;
        else
            high = middle;
    }
    merge->rank = NO_MERGE;
    return DOGBERRY_OK;
}

static int look_up(const dogberry_tokenizer *tokenizer, tokens *t, uint32_t i)
{
    dogberry_merge merge = {0, 0, 0, NO_MERGE};
    int status = i + 1u < t->count ? find_merge(tokenizer, t->ids + i, &merge) : DOGBERRY_OK;

    t->ranks[i] = merge.rank;
    return status;
}

/* Returns the place of the leftmost pair whose merge has the lowest rank, or count when there is none. */
static uint32_t find_best(const tokens *t)
{
    uint32_t best = t->count, best_rank = NO_MERGE;

    for (uint32_t i = 0; i < t->count; i++) {
        if (t->ranks[i] < best_rank) {
            best_rank = t->ranks[i];
            best = i;
        }
    }
    return best;
}

static int merge_piece(const dogberry_tokenizer *tokenizer, tokens *t)
{
    int status = DOGBERRY_OK;
    uint32_t at;

    for (uint32_t i = 0; i < t->count && status == DOGBERRY_OK; i++)
        status = look_up(tokenizer, t, i);
    while (status == DOGBERRY_OK && (at = find_best(t)) < t->count) {
        dogberry_merge merge;

        status = find_merge(tokenizer, t->ids + at, &merge);
        if (status != DOGBERRY_OK)
            break;
        t->ids[at] = merge.result;
        t->count--;
        for (uint32_t i = at + 1u; i < t->count; i++) {
            t->ids[i] = t->ids[i + 1u];
            t->ranks[i] = t->ranks[i + 1u];
        }
        status = look_up(tokenizer, t, at);
        if (at > 0 && status == DOGBERRY_OK)
            status = look_up(tokenizer, t, at - 1u);
    }
    return status;
}

/* A character's own token, if it has one. Few have: the search is through all entries. Returns DOGBERRY_NO_TOKEN where
 * there is none, or ERR_READ. */
static int find_character(const dogberry_tokenizer *tokenizer, const char *bytes, uint32_t length)
{
    dogberry_entry entry;
    char room[DOGBERRY_KEY_MAX];

    for (uint32_t id = 0; id < tokenizer->count; id++) {
        if (dogberry_entry_at(tokenizer, id, &entry, room) != DOGBERRY_OK)
            return DOGBERRY_ERR_READ;
        if (entry.key_bytes == length && (entry.flags & DOGBERRY_SPECIAL) == 0 &&
            dogberry_compare(entry.key, bytes, length) == 0)
            return (int)id;
    }
    return DOGBERRY_NO_TOKEN;
}

static int falls_back(const dogberry_tokenizer *tokenizer)
{
    return (tokenizer->flags & DOGBERRY_BYTE_FALLBACK) != 0;
}

/* Appends the bytes as tokens. Returns 1, 0 where one of them has no token, which no valid UTF-8 holds, or ERR_READ. */
static int append_bytes(const dogberry_tokenizer *tokenizer, const char *bytes, size_t length, tokens *t)
{
    for (size_t i = 0; i < length; i++) {
        int32_t id = dogberry_sorted_at(tokenizer, (uint8_t)bytes[i]);

        if (id < 0 || id == DOGBERRY_NO_TOKEN)
            return id < 0 ? (int)id : 0;
        t->ids[t->count++] = (uint16_t)id;
    }
    return 1;
}

/* The piece before anything is merged; `lead` (0 or 1) spaces stand before it. With byte fallback characters that have
 * a token of their own are that. Returns as append_bytes(). */
static int start_piece(const dogberry_tokenizer *tokenizer, const char *bytes, size_t length, size_t lead, tokens *t)
{
    uint32_t used;
    int done;

    t->count = 0;
    done = append_bytes(tokenizer, " ", lead, t);
    for (size_t i = 0; i < length && done > 0; i += used) {
        int id = DOGBERRY_NO_TOKEN;

        dogberry_utf8_read(bytes + i, length - i, &used);
        if (used > 1u && falls_back(tokenizer))
            id = find_character(tokenizer, bytes + i, used);
        if (id < 0)
            return id;
        if (id != DOGBERRY_NO_TOKEN)
            t->ids[t->count++] = (uint16_t)id;
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

/* The token of a merged piece of `length` bytes that begins `given` bytes into it; *bytes is its length.
 * Returns its id, -1 where none begins there, or ERR_READ. */
static int token_at(const dogberry_tokenizer *tokenizer, const tokens *t, size_t length, size_t given, uint32_t *bytes)
{
    size_t offset = 0;
    dogberry_entry entry;

    for (uint32_t i = 0; i < t->count && offset <= given; i++) {
        if (dogberry_entry_fields(tokenizer, t->ids[i], &entry) != DOGBERRY_OK)
            return DOGBERRY_ERR_READ;
        *bytes = entry.key_bytes;
        if (offset == given)
            return *bytes <= length - given ? t->ids[i] : DOGBERRY_ERR_READ;
        offset += entry.key_bytes;
    }
    return -1; /* the cursor was moved by someone else */
}

/* cursor->before is how many bytes of the piece were given out: the piece is merged again for
 * each of its tokens, which costs time but no memory between the calls. */
int dogberry_encode_bpe(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    tokens t;

    for (;;) {
        dogberry_cursor piece = *cursor;
        size_t lead = is_led(tokenizer, cursor) ? 1u : 0u, length;
        uint32_t bytes;
        int known, id;

        if (cursor->before > 0)
            piece.at += lead - cursor->before;
        length = dogberry_split_bpe(&piece);
        if (length == 0)
            return -1;
        known = start_piece(tokenizer, piece.text + piece.start, length, lead, &t);
        if (known == 0) {
            cursor->at = piece.at;
            cursor->before = 0;
            continue;
        }
        if (known < 0 || merge_piece(tokenizer, &t) != DOGBERRY_OK)
            return DOGBERRY_ERR_READ;
        id = token_at(tokenizer, &t, length + lead, cursor->before, &bytes);
        if (id >= 0) {
            uint32_t given = cursor->before + bytes;

            cursor->start = piece.start + cursor->before - (cursor->before > 0 ? lead : 0u);
            cursor->at = piece.start + given - lead;
            cursor->before = (uint8_t)(given == length + lead ? 0 : given);
        }
        return id;
    }
}
