/* A corpus as token ids, and what is counted on the way.
 * SPDX-License-Identifier: MIT */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "text/spelling.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

void db_tokenizer_free(db_tokenizer *tokenizer)
{
    free(tokenizer->section);
    db_spelling_free(&tokenizer->spelling);
    *tokenizer = (db_tokenizer){0};
}

static void push(db_tokens *tokens, uint16_t id)
{
    tokens->ids = db_grow(tokens->ids, &tokens->capacity, tokens->count + 1, sizeof *tokens->ids);
    tokens->ids[tokens->count++] = id;
}

/* What is kept between the pieces of one call. */
typedef struct {
    char *piece;
    size_t capacity;
} piece_buffer;

/* Any code point without an entry is as likely as any other. */
static double unknown_character_nats(const db_tokenizer *tokenizer)
{
    return log((double)DB_UTF8_SCALARS - (tokenizer->view.count - 2.0)); /* two entries are no characters */
}

/* The cost of the piece that starts at a cursor, in normal form. */
static double cost_at(const db_tokenizer *tokenizer, dogberry_cursor cursor, piece_buffer *scratch)
{
    if (tokenizer->view.kind == DOGBERRY_CHAR)
        return unknown_character_nats(tokenizer);
    if (tokenizer->view.flags & DOGBERRY_ACROSS_PIECES)
        return log((double)DB_UTF8_SCALARS);
    if (tokenizer->view.kind == DOGBERRY_SUBWORD) { /* a piece, each of its characters as if it were unknown */
        size_t length = dogberry_split_bpe(&cursor);
        return (double)db_utf8_count(cursor.text + cursor.start, length) * log((double)DB_UTF8_SCALARS);
    }
    dogberry_cursor again = cursor;
    size_t length = dogberry_split(&cursor, scratch->piece, scratch->capacity);
    if (length > scratch->capacity) {
        scratch->piece = db_grow(scratch->piece, &scratch->capacity, length, 1);
        length = dogberry_split(&again, scratch->piece, scratch->capacity);
    }
    return db_spelling_cost(&tokenizer->spelling, scratch->piece, length);
}

/* Code points of the piece, and of the one space that stands for any blanks since `end`, where the piece before ended;
 * line breaks take the blanks around them in. */
static size_t canonical_characters(const dogberry_cursor *cursor, size_t end)
{
    const char *source = cursor->text + cursor->start;
    size_t length = cursor->at - cursor->start, breaks = 0;
    if (*source != '\n') {
        bool spaced = end > 0 && cursor->start > end && cursor->text[end - 1] != '\n';
        return db_utf8_count(source, length) + spaced;
    }
    for (size_t i = 0; i < length; i++)
        breaks += source[i] == '\n';
    return breaks < 2 ? breaks : 2;
}

static void append_document(db_tokens *tokens, const db_tokenizer *tokenizer, const db_document *document,
                            piece_buffer *scratch)
{
    dogberry_cursor cursor = {.text = document->text, .length = document->bytes};
    for (;;) {
        dogberry_cursor before = cursor;
        int id = dogberry_encode(&tokenizer->view, &cursor);
        if (id < 0)
            break;
        push(tokens, (uint16_t)id);
        if (tokenizer->view.kind == DOGBERRY_WORD)
            tokens->characters += canonical_characters(&cursor, before.at);
        if (id != tokenizer->view.unknown)
            continue;
        tokens->unknown++;
        tokens->spelling_nats += cost_at(tokenizer, before, scratch);
    }
    if (tokenizer->view.kind != DOGBERRY_WORD)
        tokens->characters += db_utf8_count(document->text, document->bytes);
    push(tokens, tokenizer->view.end);
}

void db_tokens_append(db_tokens *tokens, const db_tokenizer *tokenizer, const db_corpus *corpus)
{
    assert(tokenizer->view.end != DOGBERRY_NO_TOKEN);
    piece_buffer scratch = {0};
    scratch.piece = db_grow(NULL, &scratch.capacity, 256, 1);
    for (size_t i = 0; i < corpus->count; i++)
        append_document(tokens, tokenizer, &corpus->documents[i], &scratch);
    free(scratch.piece);
}

void db_tokens_free(db_tokens *tokens)
{
    free(tokens->ids);
    *tokens = (db_tokens){0};
}
