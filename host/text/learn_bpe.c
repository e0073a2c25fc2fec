/* From learned merges to a tokenizer.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/bpe_trainer.h"
#include "text/section.h"
#include "text/tokenizer.h"

enum { FIXED_ENTRIES = 1, VOCAB_LEAST = 256, VOCAB_MOST = 8192 };

static int build(db_tokenizer *tokenizer, const db_bpe *bpe, db_error *error)
{
    size_t count = bpe->tokens.count + FIXED_ENTRIES;
    db_entry *entries = db_allocate(count * sizeof *entries);
    db_merge *merges = db_allocate((bpe->merge_count + 1) * sizeof *merges);
    entries[0] = (db_entry){
        .key = DB_DOCUMENT_SEPARATOR, .key_length = strlen(DB_DOCUMENT_SEPARATOR), .flags = DB_ENTRY_SPECIAL};
    for (uint32_t i = 0; i < bpe->tokens.count; i++)
        entries[i + FIXED_ENTRIES].key = db_intern_text(&bpe->tokens, i, &entries[i + FIXED_ENTRIES].key_length);
    for (size_t i = 0; i < bpe->merge_count; i++) {
        const uint32_t *m = bpe->merges[i];
        merges[i] = (db_merge){(uint16_t)(m[0] + FIXED_ENTRIES), (uint16_t)(m[1] + FIXED_ENTRIES),
                               (uint16_t)(m[2] + FIXED_ENTRIES)};
    }
    int result = db_section_build_bpe(tokenizer, entries, count, merges, bpe->merge_count, 0, error);
    free(merges);
    free(entries);
    return result;
}

int db_tokenizer_learn_bpe(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error)
{
    *tokenizer = (db_tokenizer){0};
    if (vocab < VOCAB_LEAST || vocab > VOCAB_MOST)
        return db_fail(error, "vocabulary of %u: must be %d to %d", vocab, VOCAB_LEAST, VOCAB_MOST);
    db_bpe bpe = {0};
    db_bpe_learn(&bpe, corpus, vocab - FIXED_ENTRIES);
    size_t most = bpe.tokens.count + FIXED_ENTRIES;
    int result;
    if (most < VOCAB_LEAST)
        result = db_fail(error, "the text is too short to learn byte pairs from; add text");
    else if (most < vocab)
        result = db_fail(error,
                         "the text has too few repeated byte pairs for a vocabulary of %u; add text or use one of "
                         "at most %zu",
                         vocab, most);
    else
        result = build(tokenizer, &bpe, error);
    db_bpe_free(&bpe);
    if (result)
        db_tokenizer_free(tokenizer);
    return result;
}
