/*
 * The built-in small talk: lines in turn, right sums, and nothing forgotten.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "made_text.h"
#include "text/chat.h"
#include "text/chat_words.h"

enum { MEGABYTE = 1000000, GOLDEN_BYTES = 10000, LINE_BYTES = 256, MOST_LINES = 16 };
#define GOLDEN_CRC UINT32_C(0x3787941D)

typedef struct {
    char lines[MOST_LINES][LINE_BYTES]; /* even ones are yours */
    size_t count;
} talk;

static made_text chats[2]; /* seeds 1 and 2 */

static int make_chats(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++)
        made_add(&chats[seed - 1], db_chat_make, MEGABYTE, seed);
    return 0;
}

static int free_chats(void **state)
{
    (void)state;
    made_free(&chats[0]);
    made_free(&chats[1]);
    return 0;
}

/* Cuts a dialogue into lines without their speakers, who must take turns. */
static void read_talk(const char *text, talk *to)
{
    to->count = 0;
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        const char *speaker = to->count % 2 ? "Dogberry: " : "You: ";
        size_t length = strcspn(at, "\n"), skip = strlen(speaker);
        if (strncmp(at, speaker, skip) != 0 || to->count == MOST_LINES || length - skip >= LINE_BYTES)
            fail_msg("a line that is not next in turn, \"%.20s\": %s", at, text);
        memcpy(to->lines[to->count], at + skip, length - skip);
        to->lines[to->count++][length - skip] = '\0';
    }
    if (to->count % 2 || to->count < 6)
        fail_msg("%zu lines: %s", to->count, text);
}

static void no_dialogue_occurs_twice(void **state)
{
    (void)state;
    for (size_t seed = 0; seed < 2; seed++) {
        const char *which = NULL;
        char **copy = db_allocate(chats[seed].count * sizeof *copy);
        memcpy(copy, chats[seed].documents, chats[seed].count * sizeof *copy);
        if (made_commonest(copy, chats[seed].count, &which) != 1)
            fail_msg("twice: %s", which);
        free(copy);
    }
}

static void every_line_has_its_speaker(void **state)
{
    (void)state;
    talk heard;
    for (size_t seed = 0; seed < 2; seed++) {
        for (size_t i = 0; i < chats[seed].count; i++) {
            const char *text = chats[seed].documents[i], *fault = made_fault(text);
            if (fault || strchr(text, '"') || strstr(text, "\n\n"))
                fail_msg("%s: %s", fault ? fault : "a quote or an empty line", text);
            read_talk(text, &heard);
            for (size_t line = 0; line < heard.count; line++)
                if (!isupper((unsigned char)heard.lines[line][0]))
                    fail_msg("no capital in \"%s\": %s", heard.lines[line], text);
        }
    }
}

/* The value of a number word, or -1. */
static int number(const char *word)
{
    static const char *const words[] = {"zero",     "one",      "two",      "three",   "four",    "five",
                                        "six",      "seven",    "eight",    "nine",    "ten",     "eleven",
                                        "twelve",   "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
                                        "eighteen", "nineteen", "twenty"};
    for (int i = 0; i <= 20; i++)
        if (tolower((unsigned char)word[0]) == words[i][0] && strcmp(word + 1, words[i] + 1) == 0)
            return i;
    return -1;
}

/* The number words of a line. Returns how many (at most 4 are kept). */
static int numbers(const char *line, int found[4])
{
    int count = 0;
    char word[MADE_WORD];
    for (const char *at = line; (at = made_word(at, word)) != NULL;)
        if (number(word) >= 0 && count < 4)
            found[count++] = number(word);
    return count;
}

/* The answer to a question about numbers, or -1 when the line is none. */
static int expected(const char *line)
{
    int n[4], count = numbers(line, n);
    if (!strchr(line, '?') || count == 0)
        return -1;
    if (count == 2 && strstr(line, " plus "))
        return n[0] + n[1];
    if (count == 2 && strstr(line, " minus "))
        return n[0] - n[1];
    if (count == 2 && strstr(line, " times "))
        return n[0] * n[1];
    if (count == 2 && strstr(line, " and "))
        return n[0] + n[1];
    if (strstr(line, "half of "))
        return n[0] % 2 == 0 ? n[0] / 2 : -2;
    if (strstr(line, "twice "))
        return 2 * n[0];
    if (strstr(line, " after ") || strstr(line, " follows "))
        return n[0] + 1;
    return strstr(line, " before ") ? n[0] - 1 : -1;
}

static void sums_are_right(void **state)
{
    (void)state;
    talk heard;
    size_t checked = 0;
    for (size_t seed = 0; seed < 2; seed++) {
        for (size_t i = 0; i < chats[seed].count; i++) {
            read_talk(chats[seed].documents[i], &heard);
            for (size_t line = 0; line + 1 < heard.count; line++) {
                int n[4], want = expected(heard.lines[line]), count = numbers(heard.lines[line + 1], n);
                if (want == -1)
                    continue;
                if (want < 0 || want > 20 || count == 0 || n[count - 1] != want)
                    fail_msg("\"%s\" - \"%s\"", heard.lines[line], heard.lines[line + 1]);
                checked++;
            }
        }
    }
    assert_true(checked > 1000);
}

/* The first word of the line that is a choice of the chat's rule `list`, copied, or "". */
static void listed(const char *line, const char *list, char found[MADE_WORD])
{
    const db_rule *table = db_chat_words, *rule = db_rule_find(&table, 1, list, strlen(list), NULL);
    char word[MADE_WORD];
    found[0] = '\0';
    for (const char *at = line; !found[0] && (at = made_word(at, word)) != NULL;) {
        word[0] = (char)tolower((unsigned char)word[0]);
        for (size_t i = 0; rule->choices[i]; i++)
            if (strcmp(rule->choices[i], word) == 0)
                strcpy(found, word);
    }
}

static bool asks(const char *line, const char *const *questions)
{
    for (; *questions; questions++)
        if (strcmp(line, *questions) == 0)
            return true;
    return false;
}

/* The name in a line, copied, or "". */
static void name_in(const char *line, char found[MADE_WORD])
{
    char word[MADE_WORD];
    found[0] = '\0';
    for (const char *at = line; !found[0] && (at = made_word(at, word)) != NULL;)
        if (made_gender(word))
            strcpy(found, word);
}

static void names_are_remembered(void **state)
{
    (void)state;
    static const char *const questions[] = {"What is my name?",         "Do you know my name?",        "Who am I?",
                                            "Do you remember my name?", "Have you forgotten my name?", NULL};
    talk heard;
    size_t known = 0, unknown = 0;
    for (size_t i = 0; i < chats[0].count; i++) {
        char told[MADE_WORD] = "", name[MADE_WORD];
        read_talk(chats[0].documents[i], &heard);
        for (size_t line = 0; line < heard.count; line++) {
            name_in(heard.lines[line], name);
            if (line % 2 == 0 && name[0])
                strcpy(told, name);
            if (line % 2 && strcmp(name, told) != 0 && (name[0] || asks(heard.lines[line - 1], questions)))
                fail_msg("\"%s\" after \"%s\": %s", name, told, chats[0].documents[i]);
            if (line % 2 && asks(heard.lines[line - 1], questions))
                *(told[0] ? &known : &unknown) += 1;
        }
    }
    assert_true(known > 200 && unknown > 50);
}

static void favourites_are_remembered(void **state)
{
    (void)state;
    static const char *const colour[] = {"What is my favourite colour?", "Which colour do I like best?",
                                         "Do you remember my favourite colour?", NULL};
    static const char *const animal[] = {"Which animals do I like?", "What are my favourite animals?",
                                         "Do you remember which animals I like?", NULL};
    static const struct {
        const char *list;
        const char *const *questions;
    } topics[] = {{"hue", colour}, {"creature", animal}};
    talk heard;
    size_t checked = 0;
    for (size_t i = 0; i < chats[0].count; i++) {
        read_talk(chats[0].documents[i], &heard);
        for (size_t line = 0; line < heard.count; line += 2) {
            for (size_t topic = 0; topic < 2; topic++) {
                char answer[MADE_WORD], said[MADE_WORD] = "";
                if (!asks(heard.lines[line], topics[topic].questions))
                    continue;
                listed(heard.lines[line + 1], topics[topic].list, answer);
                for (size_t before = 0; before < line && strcmp(said, answer) != 0; before += 2)
                    listed(heard.lines[before], topics[topic].list, said);
                if (!answer[0] || strcmp(said, answer) != 0)
                    fail_msg("\"%s\" was not said: %s", answer, chats[0].documents[i]);
                checked++;
            }
        }
    }
    assert_true(checked > 50);
}

/* Steps over '/' to a field of a choice and copies it. */
static void field(const char *choice, int index, char copy[MADE_WORD])
{
    for (; index > 0; index--)
        choice += strcspn(choice, "/") + 1;
    size_t length = strcspn(choice, "/");
    memcpy(copy, choice, length);
    copy[length] = '\0';
}

/* In the table every day's next day has this day before it, and the days go once around. */
static void check_circle(const char *list, size_t length, bool has_before)
{
    const db_rule *table = db_chat_words, *rule = db_rule_find(&table, 1, list, strlen(list), NULL);
    char name[MADE_WORD], next[MADE_WORD], before[MADE_WORD];
    for (size_t i = 0; i < length; i++) {
        const char *follower = rule->choices[(i + 1) % length];
        field(rule->choices[i], 1, next);
        field(follower, 0, name);
        assert_string_equal(next, name);
        if (has_before) {
            field(rule->choices[i], 0, name);
            field(follower, 2, before);
            assert_string_equal(before, name);
        }
    }
    assert_null(rule->choices[length]);
}

static void days_and_months_go_around(void **state)
{
    (void)state;
    check_circle("weekday", 7, true);
    check_circle("month", 12, false);
}

static void the_vocabulary_is_small(void **state)
{
    (void)state;
    assert_in_range(made_types(&chats[0]), 600, 1000);
}

static void a_seed_is_a_text(void **state)
{
    (void)state;
    char *first, *longer, *other;
    size_t first_bytes, longer_bytes, other_bytes;
    db_chat_make(&first, &first_bytes, GOLDEN_BYTES, 1);
    db_chat_make(&longer, &longer_bytes, 3 * GOLDEN_BYTES, 1);
    db_chat_make(&other, &other_bytes, GOLDEN_BYTES, 2);
    assert_in_range(first_bytes, GOLDEN_BYTES, GOLDEN_BYTES + 1500);
    assert_int_equal(strlen(first), first_bytes);
    assert_memory_equal(first, longer, first_bytes);
    assert_memory_not_equal(first, other, 1000);
    if (made_crc(first, GOLDEN_BYTES) != GOLDEN_CRC)
        fail_msg("the dialogues of seed 1 have changed; if that is meant, the CRC is now 0x%08X",
                 (unsigned)made_crc(first, GOLDEN_BYTES));
    free(first);
    free(longer);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_dialogue_occurs_twice),
        cmocka_unit_test(every_line_has_its_speaker),
        cmocka_unit_test(sums_are_right),
        cmocka_unit_test(names_are_remembered),
        cmocka_unit_test(favourites_are_remembered),
        cmocka_unit_test(days_and_months_go_around),
        cmocka_unit_test(the_vocabulary_is_small),
        cmocka_unit_test(a_seed_is_a_text),
    };
    return cmocka_run_group_tests(tests, make_chats, free_chats);
}
