/*
 * A small template grammar: rules in, one document of text out.
 *
 * A rule has a name and choices. In a choice
 *   {key}        is the value bound to `key`, or else a choice of the rule of that name;
 *   {key.field}  is a field of a bound value, such as {h.he};
 *   {Key}        is the same with a capital letter;
 *   {key=rule}   binds `key` to a choice of `rule` and writes nothing;
 *   [x|y|z]      is one of x, y, z (they nest; an empty one is fine).
 * A choice that begins with "?key " counts only while `key` is bound, one with "!key "
 * only while it is not. The fields of a value are parted by '/', and named by the rule.
 *
 * Within a document no choice of a rule comes twice while it has others left, and a
 * binding never takes a value that another key holds: two places are two places.
 *
 * The written text is tidied: "a" becomes "an" before a vowel, sentences begin with a
 * capital letter, spaces do not double.
 *
 * The rules are the program's own: a mistake in them is a bug and asserts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_GRAMMAR_H
#define DB_TEXT_GRAMMAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

enum { DB_GRAMMAR_SLOTS = 40, DB_GRAMMAR_KEY = 16, DB_GRAMMAR_VALUE = 160, DB_GRAMMAR_CHOICES = 64 };

typedef struct {
    const char *name;           /* lower case */
    const char *fields;         /* "name he him his", or NULL for one field */
    const char *const *choices; /* up to DB_GRAMMAR_CHOICES, then NULL */
} db_rule;

/* The choices of a rule, as they stand in a table. */
#define DB_CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Growing text, NUL-terminated; zero-initialise it, free(text) it. */
typedef struct {
    char *text;
    size_t bytes, capacity;
} db_text;

typedef struct {
    char key[DB_GRAMMAR_KEY];
    const char *fields;
    char value[DB_GRAMMAR_VALUE];
} db_grammar_slot;

typedef struct {
    const db_rule *const *tables; /* [table_count] tables of rules, each ends with a NULL name */
    size_t table_count;
    db_random random;
    uint64_t *used; /* a bit for every choice taken in this document, a word for every rule */
    size_t rule_count;
    db_grammar_slot slots[DB_GRAMMAR_SLOTS];
    size_t slot_count;
    db_text draft; /* the document before it is tidied */
} db_grammar;

/* Prepares a grammar over the tables, which must outlive it. */
void db_grammar_init(db_grammar *grammar, const db_rule *const *tables, size_t table_count, uint64_t seed);

/* Forgets all bindings and what was chosen: a new document begins. */
void db_grammar_clear(db_grammar *grammar);

/* Binds `key` to a text without fields (copied; shorter than DB_GRAMMAR_VALUE). */
void db_grammar_bind(db_grammar *grammar, const char *key, const char *value);

/* Expands the rule `start` and appends the tidied text to `out`. */
void db_grammar_write(db_grammar *grammar, const char *start, db_text *out);

void db_grammar_free(db_grammar *grammar);

/* Appends bytes. */
void db_text_append(db_text *text, const char *bytes, size_t count);

/* The rule of that name in the tables, or NULL; `*index` (may be NULL) counts over all tables. */
const db_rule *db_rule_find(const db_rule *const *tables, size_t table_count, const char *name, size_t length,
                            size_t *index);

#endif
