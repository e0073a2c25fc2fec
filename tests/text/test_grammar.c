/*
 * The template grammar: bindings, guards, freshness, and the tidying of the text.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text/chat_words.h"
#include "text/grammar.h"
#include "text/stories_words.h"

static const db_rule rules[] = {
    {"who", "name he", DB_CHOICES("Ivy/she", "Tom/he")},
    {"fields", NULL, DB_CHOICES("{x=who}{x} and {x.he}, {X.he}")},
    {"also", "name he", DB_CHOICES("Ivy/she", "Tom/he")},
    {"apart", NULL, DB_CHOICES("{x=who}{y=also}{x}{y}")},
    {"guards", NULL, DB_CHOICES("{guard}{x=who}{guard}")},
    {"guard", NULL, DB_CHOICES("?x yes", "!x no")},
    {"letter", NULL, DB_CHOICES("a", "b", "c", "d")},
    {"fresh", NULL, DB_CHOICES("{letter}{letter}{letter}{letter}")},
    {"nest", NULL, DB_CHOICES("<[[1|1]2|12]>")},
    {"given", NULL, DB_CHOICES("{Key}!")},
    {"article", NULL, DB_CHOICES("a  owl saw a  [] cat and a egg. a orange sofa [ ]\nyou: a ape said: a.  ")},
    {NULL, NULL, NULL},
};
static const db_rule *const tables[] = {rules};

/* Expands a rule once. Returns text that the caller frees. */
static char *once(const char *rule, uint64_t seed)
{
    db_grammar grammar;
    db_text out = {0};
    db_grammar_init(&grammar, tables, 1, seed);
    db_grammar_bind(&grammar, "key", "bound");
    db_grammar_write(&grammar, rule, &out);
    db_grammar_free(&grammar);
    return out.text;
}

static void check(const char *rule, uint64_t seed, const char *one, const char *other)
{
    char *text = once(rule, seed);
    if (strcmp(text, one) != 0 && strcmp(text, other) != 0)
        fail_msg("%s: \"%s\"", rule, text);
    free(text);
}

static void choices_expand(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        check("fields", seed, "Ivy and she, She", "Tom and he, He");
        check("apart", seed, "IvyTom", "TomIvy");
        check("guards", seed, "Noyes", "Noyes");
        check("nest", seed, "<12>", "<12>");
        check("given", seed, "Bound!", "Bound!");
    }
}

static void choices_do_not_repeat_while_others_are_left(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        char *text = once("fresh", seed);
        assert_int_equal(strlen(text), 4);
        for (const char *letter = "bcd"; *letter; letter++)
            assert_true(strchr(text, *letter) != NULL || *text == *letter - 'a' + 'A');
        free(text);
    }
}

static void text_is_tidied(void **state)
{
    (void)state;
    check("article", 1, "An owl saw a cat and an egg. An orange sofa\nYou: An ape said: a.",
          "An owl saw a cat and an egg. An orange sofa\nYou: An ape said: a.");
}

/* No name stands for two rules, and every choice has as many fields as its rule names. */
static void check_tables(const db_rule *const *checked, size_t count)
{
    for (size_t table = 0; table < count; table++) {
        for (const db_rule *rule = checked[table]; rule->name; rule++) {
            assert_ptr_equal(db_rule_find(checked, count, rule->name, strlen(rule->name), NULL), rule);
            size_t fields = 1, choices = 0;
            for (const char *at = rule->fields; at && *at; at++)
                fields += *at == ' ';
            for (; rule->choices[choices]; choices++) {
                size_t parts = 1;
                for (const char *at = rule->choices[choices]; *at; at++)
                    parts += *at == '/';
                if (parts != fields)
                    fail_msg("%s: %s", rule->name, rule->choices[choices]);
            }
            assert_in_range(choices, 1, DB_GRAMMAR_CHOICES);
        }
    }
}

static void the_built_in_tables_are_sound(void **state)
{
    (void)state;
    check_tables(db_story_tables, DB_STORY_TABLES);
    check_tables(db_chat_tables, DB_CHAT_TABLES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_expand),
        cmocka_unit_test(choices_do_not_repeat_while_others_are_left),
        cmocka_unit_test(text_is_tidied),
        cmocka_unit_test(the_built_in_tables_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
