/* The vocabulary of a word tokenizer, and how each entry is printed.
 * SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/section.h"
#include "text/spelling.h"
#include "text/tokenizer.h"
#include "text/word_counts.h"

enum { FIXED_ENTRIES = 4, VOCAB_LEAST = 16 };

/* Capitals are printed after a sentence's end or at a line's start from this share on. */
static const double capital_share = 0.6;

static int deciding_kind(const uint64_t seen[DB_SEEN_KINDS])
{
    int kind = DB_SEEN_INSIDE;
    while (kind < DB_SEEN_SHOUTED && !seen[kind])
        kind++;
    return kind;
}

/* For each word the number of its commonest spelling; equals go to the greater by bytes, which prefers small letters.
 * The caller frees the array. */
static uint32_t *commonest_spellings(const db_word_counts *counts)
{
    size_t words = counts->keys.count;
    uint64_t(*seen)[DB_SEEN_KINDS] = db_allocate((words + 1) * sizeof *seen);
    uint32_t *best = db_allocate((words + 1) * sizeof *best);
    for (size_t i = 0; i < counts->spellings.count; i++)
        for (int kind = 0; kind < DB_SEEN_KINDS; kind++)
            seen[counts->spelled[i].word][kind] += counts->spelled[i].seen[kind];
    memset(best, 0xFF, words * sizeof *best);
    for (uint32_t i = 0; i < counts->spellings.count; i++) {
        const db_spelling_count *spelled = &counts->spelled[i];
        int kind = deciding_kind(seen[spelled->word]);
        uint32_t rival = best[spelled->word];
        uint32_t rivals = rival == UINT32_MAX ? 0 : counts->spelled[rival].seen[kind];
        size_t length, rival_length;
        const char *text = db_intern_text(&counts->spellings, i, &length);
        bool better = spelled->seen[kind] > rivals;
        if (rivals && spelled->seen[kind] == rivals) {
            const char *other = db_intern_text(&counts->spellings, rival, &rival_length);
            better = db_bytes_compare(text, length, other, rival_length) > 0;
        }
        if (better)
            best[spelled->word] = i;
    }
    free(seen);
    return best;
}

static void set_display(db_entry *entry, const db_word_counts *counts, uint32_t spelling)
{
    size_t length;
    if (spelling == UINT32_MAX)
        return;
    const char *text = db_intern_text(&counts->spellings, spelling, &length) + 4;
    length -= 4;
    if (length == 0 || length > DOGBERRY_KEY_MAX)
        return;
    entry->display = text;
    entry->display_length = length;
}

/* Words as neighbours decide. Where there were none, marks do; but not for words, whose marks see to the spaces. */
static bool is_glued(const db_side *side, bool mark)
{
    if (side->glued || side->spaced || !mark)
        return side->glued > side->spaced;
    return side->glued_mark > side->spaced_mark;
}

static uint8_t flags_of(const db_word *word, const char *key, size_t length, bool quotes_begin)
{
    unsigned flags = 0;
    if (is_glued(&word->left, word->mark))
        flags |= DOGBERRY_GLUE_LEFT;
    if (is_glued(&word->right, word->mark))
        flags |= DOGBERRY_GLUE_RIGHT;
    if (db_ends_sentence(key, length) || (quotes_begin && db_opens_quotation(key, length)))
        flags |= DOGBERRY_ENDS_SENTENCE;
    return (uint8_t)flags;
}

static void add_starts(db_starts *sum, const db_starts *starts)
{
    sum->capital += starts->capital;
    sum->small += starts->small;
}

static bool mostly_capital(const db_starts *starts, const db_starts *otherwise)
{
    const db_starts *votes = starts->capital || starts->small ? starts : otherwise;
    return votes->capital && votes->capital >= capital_share * ((double)votes->capital + votes->small);
}

/* What capitals begin with in this corpus. */
typedef struct {
    uint32_t flags; /* DOGBERRY_CAPITALIZE_* */
    bool quotes;    /* direct speech begins a sentence, wherever it stands */
} capital_rules;

/* Asks only words that are otherwise written small: names would vote for capitals anywhere. */
static capital_rules learn_capitals(const db_word_counts *counts, const uint32_t *spellings)
{
    db_starts sentence = {0}, line = {0}, both = {0}, quoted = {0};
    for (uint32_t word = 0; word < counts->keys.count; word++) {
        db_entry entry = {0};
        size_t length;
        const char *key = db_intern_text(&counts->keys, word, &length);
        set_display(&entry, counts, spellings[word]);
        bool small = entry.display && entry.display_length == length && memcmp(entry.display, key, length) == 0;
        if (!small || *key < 'a' || *key > 'z')
            continue;
        add_starts(&sentence, &counts->words[word].sentence);
        add_starts(&line, &counts->words[word].line);
        add_starts(&both, &counts->words[word].both);
        add_starts(&quoted, &counts->words[word].quoted);
    }
    capital_rules rules = {.quotes = mostly_capital(&quoted, &quoted)};
    if (mostly_capital(&sentence, &both))
        rules.flags |= DOGBERRY_CAPITALIZE_SENTENCES;
    if (mostly_capital(&line, &both))
        rules.flags |= DOGBERRY_CAPITALIZE_LINES;
    return rules;
}

static void set_fixed_entries(db_entry *entries)
{
    entries[0] = (db_entry){.key = DB_UNKNOWN_TEXT, .flags = DB_ENTRY_SPECIAL};
    entries[1] = (db_entry){.key = DB_DOCUMENT_SEPARATOR, .flags = DB_ENTRY_SPECIAL};
    entries[2] = (db_entry){.key = "\n"};
    entries[3] = (db_entry){.key = "\n\n"};
    for (int i = 0; i < FIXED_ENTRIES; i++)
        entries[i].key_length = strlen(entries[i].key);
}

static int build(db_tokenizer *tokenizer, const db_word_counts *counts, const uint32_t *words, uint32_t vocab,
                 db_error *error)
{
    uint32_t *spellings = commonest_spellings(counts);
    db_entry *entries = db_allocate(vocab * sizeof *entries);
    capital_rules capitals = learn_capitals(counts, spellings);
    set_fixed_entries(entries);
    for (uint32_t id = FIXED_ENTRIES; id < vocab; id++) {
        uint32_t word = words[id - FIXED_ENTRIES];
        db_entry *entry = &entries[id];
        entry->key = db_intern_text(&counts->keys, word, &entry->key_length);
        entry->flags = flags_of(&counts->words[word], entry->key, entry->key_length, capitals.quotes);
        set_display(entry, counts, spellings[word]);
    }
    int result = db_section_build(tokenizer, DOGBERRY_WORD, entries, vocab, capitals.flags, error);
    free(entries);
    free(spellings);
    return result;
}

int db_tokenizer_learn_word(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error)
{
    *tokenizer = (db_tokenizer){0};
    if (vocab < VOCAB_LEAST || vocab > DB_VOCAB_MAX)
        return db_fail(error, "vocabulary of %u: must be %d to %u", vocab, VOCAB_LEAST, DB_VOCAB_MAX);
    db_word_counts counts = {0};
    size_t types;
    db_word_counts_make(&counts, corpus);
    uint32_t *words = db_word_counts_rank(&counts, &types);
    int result = -1;
    if (types + FIXED_ENTRIES < VOCAB_LEAST)
        db_fail(error, "the text has only %zu different words and marks; at least %d are needed: add text", types,
                VOCAB_LEAST - FIXED_ENTRIES);
    else if (types + FIXED_ENTRIES < vocab)
        db_fail(error,
                "the text has only %zu different words and marks, too few for a vocabulary of %u; add text or use "
                "a vocabulary of at most %zu",
                types, vocab, types + FIXED_ENTRIES);
    else
        result = build(tokenizer, &counts, words, vocab, error);
    if (!result)
        db_spelling_learn(&tokenizer->spelling, &counts);
    else
        db_tokenizer_free(tokenizer);
    free(words);
    db_word_counts_free(&counts);
    return result;
}

void db_coverage_measure(db_coverage *coverage, const db_corpus *corpus)
{
    static const uint32_t sizes[4] = {1000, 2000, 4000, 8000};
    db_word_counts counts = {0};
    size_t types;
    db_word_counts_make(&counts, corpus);
    uint32_t *words = db_word_counts_rank(&counts, &types);
    *coverage = (db_coverage){.tokens = counts.tokens, .types = types};
    for (int i = 0; i < 4; i++) {
        uint64_t covered = 0;
        for (size_t rank = 0; rank < types && rank + FIXED_ENTRIES < sizes[i]; rank++)
            covered += counts.words[words[rank]].count;
        coverage->vocab[i] = sizes[i];
        coverage->covered[i] = counts.tokens ? (double)covered / (double)counts.tokens : 0;
    }
    free(words);
    db_word_counts_free(&counts);
}
