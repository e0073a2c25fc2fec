/*
 * Text into word pieces in normal form: docs/FORMAT.md, "Word pieces". Learner, encoder,
 * host and device all split with this one function.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#include "unicode.h"
#include "utf8.h"

enum { OPEN_SINGLE = 0x2018, CLOSE_SINGLE = 0x2019, OPEN_DOUBLE = 0x201C, CLOSE_DOUBLE = 0x201D, REPLACEMENT = 0xFFFD };

/* One character of the text, lower-cased and classed. */
typedef struct {
    uint32_t point, bytes;
    enum dogberry_class class;
} character;

/* Where a piece is written: counts on when the space is used up. */
typedef struct {
    char *bytes;
    size_t capacity, length;
} sink;

/* The character at text[at]; at the end one of class START and no bytes. */
static character read_at(const dogberry_cursor *cursor, size_t at)
{
    character c = {0, 0, DOGBERRY_CLASS_START};

    if (at >= cursor->length)
        return c;
    c.point = dogberry_utf8_read(cursor->text + at, cursor->length - at, &c.bytes);
    if (c.point == DOGBERRY_INVALID) {
        c.point = REPLACEMENT;
        c.class = DOGBERRY_CLASS_MARK;
        return c;
    }
    c.point = dogberry_lower(c.point);
    c.class = dogberry_class_of(c.point);
    return c;
}

static void put(sink *out, uint32_t point)
{
    char bytes[4];
    uint32_t count = dogberry_utf8_write(bytes, point);

    for (uint32_t i = 0; i < count; i++, out->length++) {
        if (out->length < out->capacity)
            out->bytes[out->length] = bytes[i];
    }
}

/* Skips blanks, and at the start of a text line breaks too. */
static void skip(dogberry_cursor *cursor)
{
    for (;;) {
        character c = read_at(cursor, cursor->at);

        if (c.class == DOGBERRY_CLASS_BLANK) {
            if (cursor->before != DOGBERRY_CLASS_START)
                cursor->before = DOGBERRY_CLASS_BLANK;
        } else if (c.class != DOGBERRY_CLASS_BREAK || cursor->before != DOGBERRY_CLASS_START) {
            return;
        }
        cursor->at += c.bytes;
    }
}

/* A line break with all breaks and blanks after it: "\n", or "\n\n" for two or more. */
static void take_breaks(dogberry_cursor *cursor, sink *out)
{
    uint32_t breaks = 0;

    for (;;) {
        character c = read_at(cursor, cursor->at);

        if (c.class != DOGBERRY_CLASS_BREAK && c.class != DOGBERRY_CLASS_BLANK)
            break;
        breaks += c.class == DOGBERRY_CLASS_BREAK;
        cursor->at += c.bytes;
    }
    put(out, '\n');
    if (breaks > 1u)
        put(out, '\n');
    cursor->before = DOGBERRY_CLASS_BREAK;
}

/* Letters and digits, and apostrophes between them. */
static void take_word(dogberry_cursor *cursor, sink *out)
{
    for (;;) {
        character c = read_at(cursor, cursor->at);

        if (c.class != DOGBERRY_CLASS_WORD) {
            if (c.point != '\'' && c.point != CLOSE_SINGLE)
                break;
            if (read_at(cursor, cursor->at + c.bytes).class != DOGBERRY_CLASS_WORD)
                break;
            c.point = '\'';
        }
        put(out, c.point);
        cursor->at += c.bytes;
    }
    cursor->before = DOGBERRY_CLASS_WORD;
}

/* How many times `point` stands in a row at the cursor. */
static size_t count_run(const dogberry_cursor *cursor, char byte)
{
    size_t at = cursor->at;

    while (at < cursor->length && cursor->text[at] == byte)
        at++;
    return at - cursor->at;
}

/* A straight quote opens after the start, a blank, a break, an opening bracket or quote or a
 * dash, unless a blank, a break or the end follows it; else it closes. */
static uint32_t directed(const dogberry_cursor *cursor, character quote)
{
    enum dogberry_class next = read_at(cursor, cursor->at + quote.bytes).class;
    int opens = cursor->before <= DOGBERRY_CLASS_OPEN && next != DOGBERRY_CLASS_START && next != DOGBERRY_CLASS_BLANK &&
                next != DOGBERRY_CLASS_BREAK;

    if (quote.point == '"')
        return opens ? OPEN_DOUBLE : CLOSE_DOUBLE;
    return opens ? OPEN_SINGLE : CLOSE_SINGLE;
}

/* One punctuation mark, symbol, ideograph or invalid byte; "--" and "..." are one too. */
static void take_mark(dogberry_cursor *cursor, sink *out, character c)
{
    size_t hyphens = count_run(cursor, '-'), dots = count_run(cursor, '.');

    if (hyphens >= 2) {
        put(out, '-');
        put(out, '-');
        cursor->at += hyphens;
    } else if (dots >= 3) {
        for (int i = 0; i < 3; i++)
            put(out, '.');
        cursor->at += dots;
    } else {
        if (c.point == '"' || c.point == '\'') {
            c.point = directed(cursor, c);
            c.class = dogberry_class_of(c.point);
        }
        put(out, c.point);
        cursor->at += c.bytes;
    }
    cursor->before = (uint8_t)c.class;
}

size_t dogberry_split(dogberry_cursor *cursor, char *piece, size_t capacity)
{
    sink out = {piece, capacity, 0};

    skip(cursor);
    cursor->start = cursor->at;
    character c = read_at(cursor, cursor->at);

    if (c.bytes == 0)
        return 0;
    if (c.class == DOGBERRY_CLASS_BREAK)
        take_breaks(cursor, &out);
    else if (c.class == DOGBERRY_CLASS_WORD)
        take_word(cursor, &out);
    else
        take_mark(cursor, &out, c);
    return out.length;
}
