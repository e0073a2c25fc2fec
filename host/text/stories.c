/*
 * Story after story until there is enough text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text/stories.h"

#include "text/corpus.h"
#include "text/stories_words.h"

const db_rule *const db_story_tables[DB_STORY_TABLES] = {db_story_words, db_story_phrases, db_story_plots,
                                                         db_story_more_plots};

void db_stories_make(char **text, size_t *bytes, size_t at_least, uint64_t seed)
{
    static const char separator[] = DB_DOCUMENT_SEPARATOR "\n";
    db_grammar grammar;
    db_text out = {0};
    db_grammar_init(&grammar, db_story_tables, DB_STORY_TABLES, seed);
    do {
        if (out.bytes)
            db_text_append(&out, separator, sizeof separator - 1);
        db_grammar_clear(&grammar);
        db_grammar_write(&grammar, "story", &out);
        db_text_append(&out, "\n", 1);
    } while (out.bytes < at_least);
    db_grammar_free(&grammar);
    *text = out.text;
    *bytes = out.bytes;
}
