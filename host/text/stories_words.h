/*
 * The rules that stories are made of; the rule "story" is a whole story.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_STORIES_WORDS_H
#define DB_TEXT_STORIES_WORDS_H

#include "text/grammar.h"

enum { DB_STORY_TABLES = 4 };

/* Words and phrases (names are the rules "boyname" and "girlname"), sentences that every
 * plot shares, and the plots. Each table ends with a NULL name. */
extern const db_rule db_story_words[];
extern const db_rule db_story_phrases[];
extern const db_rule db_story_plots[];
extern const db_rule db_story_more_plots[];

/* All of them. */
extern const db_rule *const db_story_tables[DB_STORY_TABLES];

#endif
