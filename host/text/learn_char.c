/* The commonest code points.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/section.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

enum { CODES = 0x110000, FIXED_ENTRIES = 2, VOCAB_LEAST = 16 };

typedef struct {
    uint64_t count;
    uint32_t code;
} tally;

static int commoner(const void *left, const void *right)
{
    const tally *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->code > b->code) - (a->code < b->code);
}

/* Returns [*count] tallies, commonest first; the caller frees them. */
static tally *count_codes(const db_corpus *corpus, size_t *count)
{
    tally *tallies = db_allocate(CODES * sizeof *tallies);
    for (size_t i = 0; i < corpus->count; i++) {
        const db_document *document = &corpus->documents[i];
        for (size_t at = 0, bytes; at < document->bytes; at += bytes) {
            uint32_t code = 0;
            bytes = db_utf8_decode(document->text + at, document->bytes - at, &code);
            bytes = bytes ? bytes : 1;
            tallies[code].count++;
        }
    }
    *count = 0;
    for (uint32_t code = 1; code < CODES; code++)
        if (tallies[code].count)
            tallies[(*count)++] = (tally){tallies[code].count, code};
    qsort(tallies, *count, sizeof *tallies, commoner);
    return tallies;
}

static int build(db_tokenizer *tokenizer, const tally *tallies, uint32_t vocab, db_error *error)
{
    db_entry *entries = db_allocate(vocab * sizeof *entries);
    char *texts = db_allocate(vocab * (size_t)4);
    entries[0] = (db_entry){.key = DB_UNKNOWN_TEXT, .key_length = strlen(DB_UNKNOWN_TEXT), .flags = DB_ENTRY_SPECIAL};
    entries[1] = (db_entry){
        .key = DB_DOCUMENT_SEPARATOR, .key_length = strlen(DB_DOCUMENT_SEPARATOR), .flags = DB_ENTRY_SPECIAL};
    for (uint32_t id = FIXED_ENTRIES; id < vocab; id++) {
        char *text = texts + id * (size_t)4;
        entries[id] = (db_entry){.key = text, .key_length = db_utf8_encode(tallies[id - FIXED_ENTRIES].code, text)};
    }
    int result = db_section_build(tokenizer, DOGBERRY_CHAR, entries, vocab, 0, error);
    free(texts);
    free(entries);
    return result;
}

int db_tokenizer_learn_char(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error)
{
    *tokenizer = (db_tokenizer){0};
    if (vocab < VOCAB_LEAST || vocab > DB_VOCAB_MAX)
        return db_fail(error, "vocabulary of %u: must be %d to %u", vocab, VOCAB_LEAST, DB_VOCAB_MAX);
    size_t count;
    tally *tallies = count_codes(corpus, &count);
    int result;
    if (count + FIXED_ENTRIES < VOCAB_LEAST)
        result = db_fail(error, "the text has only %zu different characters; at least %d are needed: add text", count,
                         VOCAB_LEAST - FIXED_ENTRIES);
    else if (count + FIXED_ENTRIES < vocab)
        result = db_fail(error,
                         "the text has only %zu different characters, too few for a vocabulary of %u; use one of "
                         "at most %zu",
                         count, vocab, count + FIXED_ENTRIES);
    else
        result = build(tokenizer, tallies, vocab, error);
    free(tallies);
    if (result)
        db_tokenizer_free(tokenizer);
    return result;
}
