/*
 * The rules that dialogues are made of; the rule "chat" is a whole dialogue. The names
 * of people come from the stories' words.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_CHAT_WORDS_H
#define DB_TEXT_CHAT_WORDS_H

#include "text/grammar.h"

enum { DB_CHAT_TABLES = 3 };

extern const db_rule db_chat_words[];
extern const db_rule db_chat_topics[];

/* All of them. They want these keys bound to number words: "plus1", "plus2" and "plus" (a
 * sum), "minus1", "minus2" and "minus" (a difference), "count1", "count2" (a number and the
 * next), "half" and "double". */
extern const db_rule *const db_chat_tables[DB_CHAT_TABLES];

#endif
