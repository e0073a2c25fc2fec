/* The commonest code points.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/code_counts.h"
#include "text/section.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

enum { FIXED_ENTRIES = 2, VOCAB_LEAST = 16 };

static int build(db_tokenizer *tokenizer, const db_code_count *counts, uint32_t vocab, db_error *error)
{
    db_entry *entries = db_allocate(vocab * sizeof *entries);
    char *texts = db_allocate(vocab * (size_t)4);
    entries[0] = (db_entry){.key = DB_UNKNOWN_TEXT, .key_length = strlen(DB_UNKNOWN_TEXT), .flags = DB_ENTRY_SPECIAL};
    entries[1] = (db_entry){
        .key = DB_DOCUMENT_SEPARATOR, .key_length = strlen(DB_DOCUMENT_SEPARATOR), .flags = DB_ENTRY_SPECIAL};
    for (uint32_t id = FIXED_ENTRIES; id < vocab; id++) {
        char *text = texts + id * (size_t)4;
        entries[id] = (db_entry){.key = text, .key_length = db_utf8_encode(counts[id - FIXED_ENTRIES].code, text)};
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
    db_code_count *counts = db_code_counts_make(corpus, &count);
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
        result = build(tokenizer, counts, vocab, error);
    free(counts);
    if (result)
        db_tokenizer_free(tokenizer);
    return result;
}
