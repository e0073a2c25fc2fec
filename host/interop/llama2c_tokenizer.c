/* Tokenizers of llama2.c: sentencepiece vocabularies with scores.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interop/foreign.h"
#include "interop/llama2c.h"
#include "text/fallback.h"
#include "text/utf8.h"

/* Tokens 0, 1 and 2 are unknown, start of a text (and so its end, too) and end of a text, then come the bytes. */
enum { FIRST_BYTE = 3, BYTE_VALUES = 256, RECORD_BYTES = 8 };

typedef struct {
    db_entry *pieces;
    double *scores;
} vocabulary;

/* One token: a score (float32), a length (int32) and a text. Returns the bytes used, or 0 with the error set. */
static size_t read_token(vocabulary *to, uint32_t id, const uint8_t *bytes, size_t left, const char *where,
                         db_error *error)
{
    if (left < RECORD_BYTES) {
        db_fail(error, "%s: ends at token %u; it is cut off, or of another model", where, id);
        return 0;
    }
    const db_floats score = {bytes, 1};
    const uint32_t length = db_foreign_u32(bytes + 4);
    const char *text = (const char *)bytes + RECORD_BYTES;
    if (length < 1 || length > DOGBERRY_KEY_MAX)
        db_fail(error, "%s: token %u has %d bytes, must be 1 to %d", where, id, (int)length, DOGBERRY_KEY_MAX);
    else if (length > left - RECORD_BYTES)
        db_fail(error, "%s: ends in token %u; it is cut off", where, id);
    else if (!isfinite(db_floats_at(&score, 0)))
        db_fail(error, "%s: the score of token %u is not a finite number", where, id);
    else if (db_utf8_check(text, length) != length || memchr(text, 0, length))
        db_fail(error, "%s: token %u is not UTF-8", where, id);
    else {
        to->pieces[id] = (db_entry){.key = text, .key_length = length};
        to->scores[id] = db_floats_at(&score, 0);
        return RECORD_BYTES + length;
    }
    return 0;
}

static int read_tokens(vocabulary *to, uint32_t vocab, const uint8_t *bytes, size_t length, const char *where,
                       db_error *error)
{
    size_t at = 4; /* behind the longest text's length */
    if (length < at)
        return db_fail(error, "%s: %zu bytes are too few for a tokenizer", where, length);
    for (uint32_t id = 0; id < vocab; id++) {
        const size_t used = read_token(to, id, bytes + at, length - at, where, error);
        if (!used)
            return -1;
        at += used;
    }
    return at == length ? 0
                        : db_fail(error, "%s: goes on behind token %u; it is of a model with a larger vocabulary",
                                  where, vocab - 1);
}

/* Specials get the texts that they have in all of this program's models. */
static int mark(vocabulary *tokens, uint32_t vocab, const char *where, db_error *error)
{
    static const char *const specials[FIRST_BYTE] = {DB_UNKNOWN_TEXT, DB_DOCUMENT_SEPARATOR, "</s>"};
    if (vocab < FIRST_BYTE + BYTE_VALUES)
        return db_fail(error, "%s: %u tokens have no room for the %d bytes", where, vocab, BYTE_VALUES);
    for (uint32_t id = 0; id < FIRST_BYTE; id++)
        tokens->pieces[id] =
            (db_entry){.key = specials[id], .key_length = strlen(specials[id]), .flags = DB_ENTRY_SPECIAL};
    for (uint32_t i = 0; i < BYTE_VALUES; i++) {
        const db_entry *piece = &tokens->pieces[FIRST_BYTE + i];
        uint8_t byte;
        if (!db_fallback_byte(piece->key, piece->key_length, &byte) || byte != i)
            return db_fail(error, "%s: token %u is not \"<0x%02X>\"; such tokenizers are not supported", where,
                           FIRST_BYTE + i, i);
    }
    return 0;
}

int db_llama2c_read_tokenizer(db_tokenizer *tokenizer, const void *bytes, size_t length, uint32_t vocab, size_t *lost,
                              const char *where, db_error *error)
{
    vocabulary tokens = {db_allocate(vocab * sizeof(db_entry)), db_allocate(vocab * sizeof(double))};
    db_merge *merges = NULL;
    size_t merge_count = 0;
    db_error detail = {""};
    *tokenizer = (db_tokenizer){0};
    *lost = 0;
    int result = read_tokens(&tokens, vocab, bytes, length, where, error) || mark(&tokens, vocab, where, error);
    if (!result && (db_fallback_merges(tokens.pieces, tokens.scores, vocab, &merges, &merge_count, lost, &detail) ||
                    db_fallback_build(tokenizer, tokens.pieces, vocab, merges, merge_count, &detail)))
        result = db_fail(error, "%s: %s", where, detail.message);
    free(tokens.pieces);
    free(tokens.scores);
    free(merges);
    return result ? -1 : 0;
}
