/*
 * Dialogue after dialogue until there is enough text, each with its own sums.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text/chat.h"

#include <assert.h>

#include "text/chat_words.h"
#include "text/corpus.h"
#include "text/stories_words.h"

enum { LARGEST_NUMBER = 20 };

const db_rule *const db_chat_tables[DB_CHAT_TABLES] = {db_chat_topics, db_chat_words, db_story_words};

static void bind_number(db_grammar *grammar, const char *key, uint64_t number)
{
    static const char *const words[LARGEST_NUMBER + 1] = {
        "zero",     "one",     "two",     "three",     "four",     "five",     "six",
        "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
    assert(number <= LARGEST_NUMBER);
    db_grammar_bind(grammar, key, words[number]);
}

/* The numbers of one dialogue; no result is below zero or above twenty. */
static void bind_numbers(db_grammar *grammar)
{
    uint64_t sum = 2 + db_random_below(&grammar->random, LARGEST_NUMBER - 1);
    uint64_t first = 1 + db_random_below(&grammar->random, sum - 1);
    bind_number(grammar, "plus1", first);
    bind_number(grammar, "plus2", sum - first);
    bind_number(grammar, "plus", sum);

    uint64_t whole = 1 + db_random_below(&grammar->random, LARGEST_NUMBER);
    uint64_t taken = 1 + db_random_below(&grammar->random, whole);
    bind_number(grammar, "minus1", whole);
    bind_number(grammar, "minus2", taken);
    bind_number(grammar, "minus", whole - taken);

    uint64_t count = 1 + db_random_below(&grammar->random, LARGEST_NUMBER - 1);
    bind_number(grammar, "count1", count);
    bind_number(grammar, "count2", count + 1);

    uint64_t half = 1 + db_random_below(&grammar->random, LARGEST_NUMBER / 2);
    bind_number(grammar, "half", half);
    bind_number(grammar, "double", 2 * half);
}

void db_chat_make(char **text, size_t *bytes, size_t at_least, uint64_t seed)
{
    static const char separator[] = DB_DOCUMENT_SEPARATOR "\n";
    db_grammar grammar;
    db_text out = {0};
    db_grammar_init(&grammar, db_chat_tables, DB_CHAT_TABLES, seed);
    do {
        if (out.bytes)
            db_text_append(&out, separator, sizeof separator - 1);
        db_grammar_clear(&grammar);
        bind_numbers(&grammar);
        db_grammar_write(&grammar, "chat", &out); /* every exchange ends its own line */
    } while (out.bytes < at_least);
    db_grammar_free(&grammar);
    *text = out.text;
    *bytes = out.bytes;
}
