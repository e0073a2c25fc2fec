/*
 * Subwords: at each place of a piece the longest entry that stands there (as WordPiece does: Wu et al., "Google's
 * Neural Machine Translation System", 2016). Pieces are those of BPE.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"
#include "utf8.h"

/* A piece as it is looked up. */
typedef struct {
    char bytes[DOGBERRY_BPE_PIECE_MAX];
    size_t length;
} piece_text;

static void read_piece(const dogberry_tokenizer *tokenizer, const dogberry_cursor *piece, piece_text *text)
{
    int folds = (tokenizer->flags & DOGBERRY_FOLD_CAPITALS) != 0;

    text->length = piece->at - piece->start;
    for (size_t i = 0; i < text->length; i++) {
        char byte = piece->text[piece->start + i];

        text->bytes[i] = folds && byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
    }
}

/* The longest entry at an offset; its bytes in *used. Returns DOGBERRY_NO_TOKEN where there is none, or ERR_READ. */
static int match(const dogberry_tokenizer *tokenizer, const piece_text *text, size_t offset, size_t *used)
{
    size_t left = text->length - offset;

    for (*used = left < DOGBERRY_KEY_MAX ? left : DOGBERRY_KEY_MAX; *used > 0; (*used)--) {
        int id = dogberry_find_key(tokenizer, text->bytes + offset, *used);

        if (id != DOGBERRY_NO_TOKEN)
            return id;
    }
    return DOGBERRY_NO_TOKEN;
}

/* Whatever the pieces: the longest key that begins at the cursor. Returns as dogberry_encode(). */
static int encode_across(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    while (cursor->at < cursor->length) {
        dogberry_cursor ahead = *cursor;
        size_t left = cursor->length - cursor->at, used;
        piece_text text;

        ahead.start = cursor->at;
        ahead.at = cursor->at + (left < DOGBERRY_KEY_MAX ? left : DOGBERRY_KEY_MAX);
        read_piece(tokenizer, &ahead, &text);
        int id = match(tokenizer, &text, 0, &used);

        if (id < 0)
            return id;
        if (id == DOGBERRY_NO_TOKEN) {
            uint32_t bytes;

            dogberry_utf8_read(cursor->text + cursor->at, left, &bytes);
            used = bytes;
            id = tokenizer->unknown;
        }
        cursor->start = cursor->at;
        cursor->at += used;
        if (id != DOGBERRY_NO_TOKEN)
            return id;
    }
    return -1;
}

/* Returns 1, 0 where some place has no entry, or ERR_READ. */
static int is_covered(const dogberry_tokenizer *tokenizer, const piece_text *text)
{
    size_t used;

    for (size_t offset = 0; offset < text->length; offset += used) {
        int id = match(tokenizer, text, offset, &used);

        if (id < 0 || id == DOGBERRY_NO_TOKEN)
            return id < 0 ? id : 0;
    }
    return 1;
}

/* cursor->before is how many bytes of the piece were given out. */
int dogberry_encode_subword(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    piece_text text;
    size_t used;

    if ((tokenizer->flags & DOGBERRY_ACROSS_PIECES) != 0)
        return encode_across(tokenizer, cursor);
    for (;;) {
        dogberry_cursor piece = *cursor;
        size_t offset = cursor->before;

        piece.at -= offset;
        if (dogberry_split_bpe(&piece) == 0)
            return -1;
        read_piece(tokenizer, &piece, &text);
        int covered = offset == 0 ? is_covered(tokenizer, &text) : 1;

        if (covered < 0)
            return covered;
        if (!covered) {
            cursor->start = piece.start;
            cursor->at = piece.at;
            if (tokenizer->unknown != DOGBERRY_NO_TOKEN)
                return tokenizer->unknown;
            continue;
        }
        if (offset >= text.length)
            return -1; /* the cursor was moved by someone else */
        int id = match(tokenizer, &text, offset, &used);

        if (id < 0 || id == DOGBERRY_NO_TOKEN)
            return id < 0 ? id : -1; /* the same */
        cursor->start = piece.start + offset;
        cursor->at = cursor->start + used;
        cursor->before = (uint8_t)(offset + used == text.length ? 0 : offset + used);
        return id;
    }
}
