/*
 * The built-in stories: no repeats, right grammar, right pronouns, the same everywhere.
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
#include "text/stories.h"
#include "text/stories_words.h"

enum { MEGABYTE = 1000000, GOLDEN_BYTES = 10000 };
#define GOLDEN_CRC UINT32_C(0x46D85985)

static made_text stories[2]; /* seeds 1 and 2 */

static int make_stories(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++)
        made_add(&stories[seed - 1], db_stories_make, MEGABYTE, seed);
    return 0;
}

static int free_stories(void **state)
{
    (void)state;
    made_free(&stories[0]);
    made_free(&stories[1]);
    return 0;
}

static void no_story_occurs_twice(void **state)
{
    (void)state;
    size_t count = stories[0].count + stories[1].count;
    const char *which = NULL;
    char **all = db_allocate(count * sizeof *all);
    memcpy(all, stories[0].documents, stories[0].count * sizeof *all);
    memcpy(all + stories[0].count, stories[1].documents, stories[1].count * sizeof *all);
    assert_int_equal(made_commonest(all, count, &which), 1);
    free(all);
}

static void check_shape(const char *story)
{
    size_t words = 0, paragraphs = 1;
    char word[MADE_WORD];
    for (const char *at = story; (at = made_word(at, word)) != NULL;)
        words++;
    for (const char *at = story; (at = strstr(at, "\n\n")) != NULL; at += 2)
        paragraphs++;
    if (words < 80 || words > 220 || paragraphs < 2 || paragraphs > 4)
        fail_msg("%zu words in %zu paragraphs: %s", words, paragraphs, story);
    const char *fault = made_fault(story);
    if (fault)
        fail_msg("%s: %s", fault, story);
}

/* Quotes open after a space or a line end, close before one, and are closed in their paragraph. */
static void check_quotes(const char *story)
{
    bool open = false;
    for (const char *at = story; *at; at++) {
        if (*at == '\n' && open)
            fail_msg("a quote is not closed: %s", story);
        if (*at != '"')
            continue;
        bool outer_before = at == story || isspace((unsigned char)at[-1]);
        bool outer_after = at[1] == '\0' || isspace((unsigned char)at[1]);
        if (open ? outer_before || !outer_after : !outer_before || outer_after)
            fail_msg("a quote stands wrong: %s", story);
        open = !open;
    }
}

static void every_story_is_well_written(void **state)
{
    (void)state;
    for (size_t seed = 0; seed < 2; seed++) {
        for (size_t i = 0; i < stories[seed].count; i++) {
            check_shape(stories[seed].documents[i]);
            check_quotes(stories[seed].documents[i]);
        }
    }
}

/* A copy without what stands in quotes. */
static char *narration(const char *story)
{
    char *copy = db_copy_string(story), *to = copy;
    bool open = false;
    for (const char *at = story; *at; at++) {
        open ^= *at == '"';
        if (!open)
            *to++ = *at;
    }
    *to = '\0';
    return copy;
}

static char pronoun_gender(const char *word)
{
    static const char *const pronouns[] = {"he", "him", "his", "himself", "she", "her", "hers", "herself"};
    for (size_t i = 0; i < 8; i++)
        if (tolower((unsigned char)word[0]) == pronouns[i][0] && strcmp(word + 1, pronouns[i] + 1) == 0)
            return i < 4 ? 'h' : 's';
    return 0;
}

static void pronouns_agree_with_the_last_name(void **state)
{
    (void)state;
    size_t checked = 0;
    for (size_t i = 0; i < stories[0].count; i++) {
        char *told = narration(stories[0].documents[i]), word[MADE_WORD], gender = 0;
        /* Before the first name ("Her name was Ivy") a pronoun means that one. */
        for (const char *at = told; !gender && (at = made_word(at, word)) != NULL;)
            gender = made_gender(word);
        for (const char *at = told; (at = made_word(at, word)) != NULL;) {
            gender = made_gender(word) ? made_gender(word) : gender;
            char pronoun = pronoun_gender(word);
            checked += pronoun != 0;
            if (pronoun && pronoun != gender)
                fail_msg("\"%s\" before \"%.30s\" in: %s", word, at, stories[0].documents[i]);
        }
        free(told);
    }
    assert_true(checked > 3 * stories[0].count);
}

/* The one who helps is the one who was introduced: two names, neither only once. */
static void every_story_has_a_hero_and_a_friend(void **state)
{
    (void)state;
    for (size_t i = 0; i < stories[1].count; i++) {
        char names[2][MADE_WORD] = {"", ""}, word[MADE_WORD];
        size_t times[2] = {0, 0};
        for (const char *at = stories[1].documents[i]; (at = made_word(at, word)) != NULL;) {
            if (!made_gender(word))
                continue;
            size_t who = strcmp(word, names[0]) == 0 || !times[0] ? 0 : 1;
            if (!times[who])
                strcpy(names[who], word);
            if (strcmp(word, names[who]) != 0)
                fail_msg("a third name, %s: %s", word, stories[1].documents[i]);
            times[who]++;
        }
        if (times[0] < 2 || times[1] < 2)
            fail_msg("a name that leads nowhere: %s", stories[1].documents[i]);
    }
}

/* Sentences of a text (with a quote goes who said it), names replaced by "N", appended to `sentences`. */
static void collect_sentences(const char *story, char ***sentences, size_t *count, size_t *capacity)
{
    db_text sentence = {0};
    for (const char *at = story; *at;) {
        char word[MADE_WORD];
        const char *next = isalpha((unsigned char)*at) ? made_word(at, word) : at + 1;
        if (!sentence.bytes && !isalpha((unsigned char)*at)) {
            at = next;
            continue;
        }
        if (next > at + 1 && made_gender(word))
            db_text_append(&sentence, "N", 1);
        else
            db_text_append(&sentence, at, (size_t)(next - at));
        at = next;
        if ((strchr(".!?", at[-1]) && *at != '"') || !*at) {
            *sentences = db_grow(*sentences, capacity, *count + 1, sizeof **sentences);
            (*sentences)[(*count)++] = sentence.text;
            sentence = (db_text){0};
        }
    }
    free(sentence.text);
}

static void no_sentence_wears_out(void **state)
{
    (void)state;
    char **sentences = NULL;
    const char *which = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < stories[0].count; i++)
        collect_sentences(stories[0].documents[i], &sentences, &count, &capacity);
    size_t commonest = made_commonest(sentences, count, &which);
    if (commonest * 100 > count)
        fail_msg("%zu of %zu sentences are \"%s\"", commonest, count, which);
    for (size_t i = 0; i < count; i++)
        free(sentences[i]);
    free(sentences);
}

static void the_vocabulary_is_small(void **state)
{
    (void)state;
    size_t types = made_types(&stories[0]);
    assert_in_range(types, 800, 1200);
}

static void a_seed_is_a_text(void **state)
{
    (void)state;
    char *first, *longer, *other;
    size_t first_bytes, longer_bytes, other_bytes;
    db_stories_make(&first, &first_bytes, GOLDEN_BYTES, 1);
    db_stories_make(&longer, &longer_bytes, 3 * GOLDEN_BYTES, 1);
    db_stories_make(&other, &other_bytes, GOLDEN_BYTES, 2);
    assert_in_range(first_bytes, GOLDEN_BYTES, GOLDEN_BYTES + 2000);
    assert_int_equal(strlen(first), first_bytes);
    assert_memory_equal(first, longer, first_bytes);
    assert_memory_not_equal(first, other, 1000);
    assert_int_equal(made_crc("123456789", 9), 0xCBF43926);
    if (made_crc(first, GOLDEN_BYTES) != GOLDEN_CRC)
        fail_msg("the stories of seed 1 have changed; if that is meant, the CRC is now 0x%08X",
                 (unsigned)made_crc(first, GOLDEN_BYTES));
    free(first);
    free(longer);
    free(other);
}

static void one_story_is_the_least(void **state)
{
    (void)state;
    char *text;
    size_t bytes;
    db_stories_make(&text, &bytes, 0, 3);
    assert_true(bytes > 400 && text[bytes - 1] == '\n');
    assert_null(strstr(text, DB_DOCUMENT_SEPARATOR));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_story_occurs_twice),
        cmocka_unit_test(every_story_is_well_written),
        cmocka_unit_test(pronouns_agree_with_the_last_name),
        cmocka_unit_test(every_story_has_a_hero_and_a_friend),
        cmocka_unit_test(no_sentence_wears_out),
        cmocka_unit_test(the_vocabulary_is_small),
        cmocka_unit_test(a_seed_is_a_text),
        cmocka_unit_test(one_story_is_the_least),
    };
    return cmocka_run_group_tests(tests, make_stories, free_stories);
}
