/*
 * The template grammar: a recursive walk over choices, and the tidying of what it wrote.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text/grammar.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void expand(db_grammar *grammar, const char *at, const char *end);

void db_text_append(db_text *text, const char *bytes, size_t count)
{
    text->text = db_grow(text->text, &text->capacity, text->bytes + count + 1, 1);
    memcpy(text->text + text->bytes, bytes, count);
    text->bytes += count;
    text->text[text->bytes] = '\0';
}

const db_rule *db_rule_find(const db_rule *const *tables, size_t table_count, const char *name, size_t length,
                            size_t *index)
{
    size_t counted = 0;
    for (size_t table = 0; table < table_count; table++) {
        for (const db_rule *rule = tables[table]; rule->name; rule++, counted++) {
            if (strlen(rule->name) == length && memcmp(rule->name, name, length) == 0) {
                if (index)
                    *index = counted;
                return rule;
            }
        }
    }
    return NULL;
}

void db_grammar_init(db_grammar *grammar, const db_rule *const *tables, size_t table_count, uint64_t seed)
{
    memset(grammar, 0, sizeof *grammar);
    grammar->tables = tables;
    grammar->table_count = table_count;
    db_random_seed(&grammar->random, seed);
    for (size_t table = 0; table < table_count; table++)
        for (const db_rule *rule = tables[table]; rule->name; rule++)
            grammar->rule_count++;
    grammar->used = db_allocate(grammar->rule_count * sizeof *grammar->used);
}

void db_grammar_free(db_grammar *grammar)
{
    free(grammar->used);
    free(grammar->draft.text);
    memset(grammar, 0, sizeof *grammar);
}

void db_grammar_clear(db_grammar *grammar)
{
    grammar->slot_count = 0;
    memset(grammar->used, 0, grammar->rule_count * sizeof *grammar->used);
}

static db_grammar_slot *find_slot(db_grammar *grammar, const char *key, size_t length)
{
    for (size_t i = 0; i < grammar->slot_count; i++)
        if (strlen(grammar->slots[i].key) == length && memcmp(grammar->slots[i].key, key, length) == 0)
            return &grammar->slots[i];
    return NULL;
}

static void bind(db_grammar *grammar, const char *key, size_t key_length, const char *fields, const char *value,
                 size_t value_length)
{
    db_grammar_slot *slot = find_slot(grammar, key, key_length);
    if (!slot) {
        assert(grammar->slot_count < DB_GRAMMAR_SLOTS);
        slot = &grammar->slots[grammar->slot_count++];
    }
    assert(key_length < DB_GRAMMAR_KEY && value_length < DB_GRAMMAR_VALUE);
    memcpy(slot->key, key, key_length);
    slot->key[key_length] = '\0';
    slot->fields = fields;
    memcpy(slot->value, value, value_length);
    slot->value[value_length] = '\0';
}

void db_grammar_bind(db_grammar *grammar, const char *key, const char *value)
{
    bind(grammar, key, strlen(key), NULL, value, strlen(value));
}

/* The first field of the value is taken by some key already. */
static bool is_taken(const db_grammar *grammar, const char *value)
{
    size_t length = strcspn(value, "/");
    for (size_t i = 0; i < grammar->slot_count; i++)
        if (strcspn(grammar->slots[i].value, "/") == length && memcmp(grammar->slots[i].value, value, length) == 0)
            return true;
    return false;
}

/* Steps over a guard ("?key " or "!key ") if there is one. Returns NULL when it forbids the choice. */
static const char *pass_guard(db_grammar *grammar, const char *choice)
{
    if (*choice != '?' && *choice != '!')
        return choice;
    size_t length = strcspn(choice + 1, " ");
    bool bound = find_slot(grammar, choice + 1, length) != NULL;
    assert(choice[1 + length] == ' ');
    return bound == (*choice == '?') ? choice + 1 + length + 1 : NULL;
}

/* A choice of the rule, fresh where possible. Returns its text behind any guard. */
static const char *choose(db_grammar *grammar, const db_rule *rule, size_t index, bool binding)
{
    size_t open[DB_GRAMMAR_CHOICES], fresh[DB_GRAMMAR_CHOICES], open_count = 0, fresh_count = 0;
    for (size_t i = 0; rule->choices[i]; i++) {
        assert(i < DB_GRAMMAR_CHOICES);
        const char *choice = pass_guard(grammar, rule->choices[i]);
        if (!choice || (binding && is_taken(grammar, choice)))
            continue;
        open[open_count++] = i;
        if (!(grammar->used[index] >> i & 1))
            fresh[fresh_count++] = i;
    }
    assert(open_count > 0);
    size_t count = fresh_count ? fresh_count : open_count;
    size_t chosen = (fresh_count ? fresh : open)[db_random_below(&grammar->random, count)];
    grammar->used[index] |= UINT64_C(1) << chosen;
    return pass_guard(grammar, rule->choices[chosen]);
}

/* The end of the bracket's part that begins at `at`: a '|' or the closing ']'. */
static const char *part_end(const char *at)
{
    for (int depth = 0;; at++) {
        assert(*at);
        if (depth == 0 && (*at == '|' || *at == ']'))
            return at;
        depth += (*at == '[') - (*at == ']');
    }
}

/* Expands one part of a bracket; `at` is behind the '['. Returns the place behind the ']'. */
static const char *expand_bracket(db_grammar *grammar, const char *at)
{
    size_t count = 1;
    const char *end = part_end(at);
    for (; *end == '|'; end = part_end(end + 1))
        count++;
    for (size_t skip = (size_t)db_random_below(&grammar->random, count); skip > 0; skip--)
        at = part_end(at) + 1;
    expand(grammar, at, part_end(at));
    return end + 1;
}

/* Which field of a slot a name stands for. */
static size_t field_index(const char *fields, const char *name, size_t length)
{
    size_t index = 0;
    assert(fields);
    for (const char *at = fields; *at; index++) {
        size_t field_length = strcspn(at, " ");
        if (field_length == length && memcmp(at, name, length) == 0)
            return index;
        at += field_length + (at[field_length] == ' ');
    }
    assert(false && "a field that the rule does not name");
    return 0;
}

static void write_slot(db_grammar *grammar, const db_grammar_slot *slot, const char *field, size_t length)
{
    const char *value = slot->value;
    for (size_t skip = length ? field_index(slot->fields, field, length) : 0; skip > 0; skip--) {
        value += strcspn(value, "/");
        assert(*value == '/');
        value++;
    }
    db_text_append(&grammar->draft, value, strcspn(value, "/"));
}

static void expand_binding(db_grammar *grammar, const char *key, const char *equals, const char *end)
{
    size_t index, start = grammar->draft.bytes;
    const db_rule *rule =
        db_rule_find(grammar->tables, grammar->table_count, equals + 1, (size_t)(end - equals - 1), &index);
    assert(rule);
    const char *choice = choose(grammar, rule, index, true);
    expand(grammar, choice, choice + strlen(choice));
    bind(grammar, key, (size_t)(equals - key), rule->fields, grammar->draft.text + start, grammar->draft.bytes - start);
    grammar->draft.bytes = start;
}

/* Expands what stands between '{' and '}'. */
static void expand_key(db_grammar *grammar, const char *name, const char *end)
{
    size_t length = (size_t)(end - name), start = grammar->draft.bytes;
    const char *equals = memchr(name, '=', length);
    if (equals) {
        expand_binding(grammar, name, equals, end);
        return;
    }
    const char *dot = memchr(name, '.', length);
    size_t key_length = dot ? (size_t)(dot - name) : length;
    char key[DB_GRAMMAR_KEY];
    assert(key_length > 0 && key_length < sizeof key);
    memcpy(key, name, key_length);
    key[0] = (char)tolower((unsigned char)key[0]);

    const db_grammar_slot *slot = find_slot(grammar, key, key_length);
    if (slot) {
        write_slot(grammar, slot, dot ? dot + 1 : NULL, dot ? (size_t)(end - dot - 1) : 0);
    } else {
        size_t index;
        const db_rule *rule = db_rule_find(grammar->tables, grammar->table_count, key, key_length, &index);
        assert(rule && !dot);
        const char *choice = choose(grammar, rule, index, false);
        expand(grammar, choice, choice + strlen(choice));
    }
    if (isupper((unsigned char)*name) && grammar->draft.bytes > start)
        grammar->draft.text[start] = (char)toupper((unsigned char)grammar->draft.text[start]);
}

static void expand(db_grammar *grammar, const char *at, const char *end)
{
    while (at < end) {
        size_t plain = strcspn(at, "{[");
        if (plain > (size_t)(end - at))
            plain = (size_t)(end - at);
        db_text_append(&grammar->draft, at, plain);
        at += plain;
        if (at == end)
            return;
        if (*at == '[') {
            at = expand_bracket(grammar, at + 1);
        } else {
            const char *close = strchr(at, '}');
            assert(close && close < end);
            expand_key(grammar, at + 1, close);
            at = close + 1;
        }
    }
}

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) != 0;
}

/* The text so far ends with the word "a" and a space. */
static bool ends_with_article(const db_text *text, size_t start)
{
    const char *end = text->text + text->bytes;
    size_t length = text->bytes - start;
    return length >= 2 && end[-1] == ' ' && (end[-2] == 'a' || end[-2] == 'A') && (length == 2 || !is_letter(end[-3]));
}

/* A sentence begins here: behind nothing, a line end, an end mark and a space, or a speaker and a colon. */
static bool begins_sentence(const db_text *text, size_t start)
{
    const char *end = text->text + text->bytes;
    size_t length = text->bytes - start;
    if (length == 0 || end[-1] == '\n')
        return true;
    if (length < 2 || end[-1] != ' ')
        return false;
    if (end[-2] != ':')
        return strchr(".!?", end[-2]) != NULL;
    size_t word = 2; /* "Somebody: " at the head of a line */
    while (word < length && is_letter(end[-1 - (long)word]))
        word++;
    return word == length || end[-1 - (long)word] == '\n';
}

/* Appends the draft to `out`: articles, capital letters and spaces put right. */
static void tidy(const db_text *draft, db_text *out)
{
    size_t start = out->bytes;
    for (size_t i = 0; i < draft->bytes; i++) {
        char c = draft->text[i];
        bool at_start = out->bytes == start;
        char last = at_start ? '\n' : out->text[out->bytes - 1];
        if (c == ' ' && (last == ' ' || last == '\n'))
            continue;
        if (c == '\n' && last == ' ')
            out->bytes--;
        if (!at_start && strchr("aeiou", c) && ends_with_article(out, start)) {
            out->bytes--;
            db_text_append(out, "n ", 2);
        } else if (islower((unsigned char)c) && begins_sentence(out, start)) {
            c = (char)toupper((unsigned char)c);
        }
        db_text_append(out, &c, 1);
    }
    while (out->bytes > start && out->text[out->bytes - 1] == ' ')
        out->text[--out->bytes] = '\0';
}

void db_grammar_write(db_grammar *grammar, const char *start, db_text *out)
{
    grammar->draft.bytes = 0;
    expand_key(grammar, start, start + strlen(start));
    tidy(&grammar->draft, out);
}
