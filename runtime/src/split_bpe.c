/*
 * Text into the pieces inside which a byte-level BPE merges: docs/FORMAT.md, "BPE pieces".
 * No piece is longer than DOGBERRY_BPE_PIECE_MAX bytes, so an encoder's scratch is bounded.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"
#include "utf8.h"

enum { LETTERS_MOST = 15, DIGITS_MOST = 3, MARKS_MOST = 15, BREAKS_MOST = 8, BREAKS_AFTER_MARKS = 2, SPACES_MOST = 16 };
enum { RIGHT_QUOTE = 0x2019 };

/* END is what lies behind the text. */
enum group { END, SPACE, BREAK, DIGIT, LETTER, MARK };

typedef struct {
    uint32_t point, bytes;
    enum group class;
} character;

static enum group class_of(uint32_t point)
{
    if (point < 0x80u) {
        if (point == ' ')
            return SPACE;
        if (point == '\n')
            return BREAK;
        if (point >= '0' && point <= '9')
            return DIGIT;
        return (point | 32u) >= 'a' && (point | 32u) <= 'z' ? LETTER : MARK;
    }
    if (point < 0xC0u || (point >= 0x2000u && point < 0x2C00u) || (point >= 0x3000u && point < 0x3040u))
        return MARK;
    return LETTER;
}

/* A byte that begins no valid sequence is a mark. */
static character read_at(const dogberry_cursor *cursor, size_t at)
{
    character c = {0, 0, END};

    if (at < cursor->length) {
        c.point = dogberry_utf8_read(cursor->text + at, cursor->length - at, &c.bytes);
        c.class = c.point == DOGBERRY_INVALID ? MARK : class_of(c.point);
    }
    return c;
}

/* Takes up to `most` characters of a class at the cursor. */
static void take(dogberry_cursor *cursor, enum group class, uint32_t most)
{
    character c = read_at(cursor, cursor->at);

    for (uint32_t i = 0; i < most && c.class == class; i++) {
        cursor->at += c.bytes;
        c = read_at(cursor, cursor->at);
    }
}

/* Spaces that no piece takes as its first character: all of a row but the last, or one alone. */
static void take_spaces(dogberry_cursor *cursor)
{
    size_t start = cursor->at;

    take(cursor, SPACE, SPACES_MOST + 1u);
    if (cursor->at - start > 1u)
        cursor->at--;
}

size_t dogberry_split_bpe(dogberry_cursor *cursor)
{
    character first = read_at(cursor, cursor->at), second = read_at(cursor, cursor->at + first.bytes);
    int quote = first.point == '\'' || first.point == RIGHT_QUOTE;
    enum group kind = first.class;

    cursor->start = cursor->at;
    if (first.class == SPACE && second.class >= DIGIT)
        kind = second.class;
    else if (quote && second.class == LETTER)
        kind = LETTER;
    if (kind != first.class)
        cursor->at += first.bytes;

    if (kind == SPACE) {
        take_spaces(cursor);
    } else if (kind == MARK) {
        take(cursor, MARK, MARKS_MOST);
        take(cursor, BREAK, BREAKS_AFTER_MARKS);
    } else if (kind != END) {
        take(cursor, kind, kind == LETTER ? LETTERS_MOST : kind == DIGIT ? DIGITS_MOST : BREAKS_MOST);
    }
    return cursor->at - cursor->start;
}
