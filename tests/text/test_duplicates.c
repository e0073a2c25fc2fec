/* The same text twice, planted and found.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "text/duplicates.h"

/* Random words: two of these share no eight in a row. */
static char *prose(db_random *random, size_t words)
{
    char *text = db_allocate(words * 8 + 1), *end = text;
    for (size_t i = 0; i < words; i++)
        end += sprintf(end, "w%u%s", (unsigned)db_random_below(random, 5000), i % 12 == 11 ? ".\n" : " ");
    return text;
}

static void add(db_corpus *corpus, const char *name, const char *text)
{
    db_corpus_add_text(corpus, name, text, strlen(text));
}

static char *joined(const char *a, const char *b)
{
    char *text = db_allocate(strlen(a) + strlen(b) + 2);
    return strcat(strcat(strcpy(text, a), "\n"), b);
}

/* A copy with every `every`-th word replaced. */
static char *altered(const char *text, size_t every)
{
    char *copy = db_copy_string(text);
    size_t word = 0;
    for (char *p = copy; *p; p++)
        if (*p == 'w' && ++word % every == 0)
            *p = 'x';
    return copy;
}

static void expect_pair(const db_duplicate *pair, size_t first, bool across, size_t second, double share)
{
    assert_false(pair->first.in_validation);
    assert_int_equal(pair->first.index, first);
    assert_int_equal(pair->second.in_validation, across);
    assert_int_equal(pair->second.index, second);
    if (pair->share < share - 0.05 || pair->share > share + 0.05)
        fail_msg("share %g instead of %g", pair->share, share);
}

static void different_texts_are_no_duplicates(void **state)
{
    (void)state;
    db_random random;
    db_corpus training = {0}, validation = {0};
    db_duplicates found;
    db_random_seed(&random, 1);
    for (int i = 0; i < 40; i++) {
        char *text = prose(&random, 300);
        add(i < 30 ? &training : &validation, "x", text);
        free(text);
    }
    db_duplicates_find(&found, &training, &validation, 0.02);
    assert_int_equal(found.count, 0);
    assert_true(found.leaked == 0);
    db_duplicates_free(&found);
    db_corpus_free(&training);
    db_corpus_free(&validation);
}

static void copies_are_found_on_both_sides(void **state)
{
    (void)state;
    db_random random;
    db_corpus training = {0}, validation = {0};
    db_duplicates found;
    db_random_seed(&random, 2);
    char *a = prose(&random, 400), *b = prose(&random, 300), *c = prose(&random, 200);
    char *near = altered(b, 40), *shouted = db_copy_string(c);
    for (char *p = shouted; *p; p++)
        *p = *p == 'w' ? 'W' : *p == ' ' ? '\t' : *p;
    add(&training, "a", a);
    add(&training, "b", b);
    add(&training, "a again", a);
    add(&training, "c", c);
    add(&validation, "nearly b", near);
    add(&validation, "c, shouted", shouted);
    db_duplicates_find(&found, &training, &validation, DB_DUPLICATE_SHARE);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.across, 2);
    expect_pair(&found.pairs[0], 0, false, 2, 1);
    assert_true(found.pairs[0].exact);
    expect_pair(&found.pairs[1], 3, true, 1, 1);
    assert_false(found.pairs[1].exact);
    expect_pair(&found.pairs[2], 1, true, 0, 0.8); /* one word in forty spoils eight runs of forty */
    assert_true(found.leaked > 0.8);
    assert_string_equal(db_duplicates_document(&found.pairs[2].second, &training, &validation)->name, "nearly b");
    db_removed removed = db_duplicates_remove(&found, &training, &validation);
    assert_int_equal(removed.training, 3);
    assert_int_equal(removed.validation, 0);
    assert_int_equal(training.count, 1);
    assert_string_equal(training.documents[0].name, "a");
    assert_int_equal(training.bytes, strlen(a));
    db_duplicates_free(&found);
    db_corpus_free(&training);
    db_corpus_free(&validation);
    free(a);
    free(b);
    free(c);
    free(near);
    free(shouted);
}

/* A collected edition holds what is also there alone: the single work goes, whichever came first. */
static void the_part_goes_and_the_whole_stays(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        db_random random;
        db_corpus training = {0};
        db_duplicates found;
        db_random_seed(&random, 3);
        char *a = prose(&random, 300), *b = prose(&random, 500), *both = joined(a, b);
        add(&training, order ? "whole" : "part", order ? both : a);
        add(&training, order ? "part" : "whole", order ? a : both);
        db_duplicates_find(&found, &training, NULL, 0.9);
        assert_int_equal(found.count, 1);
        expect_pair(&found.pairs[0], 0, false, 1, 1);
        assert_int_equal(db_duplicates_remove(&found, &training, NULL).training, 1);
        assert_string_equal(training.documents[0].name, "whole");
        db_duplicates_free(&found);
        db_corpus_free(&training);
        free(a);
        free(b);
        free(both);
    }
}

/* Half of the training text is not thrown away for a small validation document that it holds. */
static void a_large_training_document_outlives_validation(void **state)
{
    (void)state;
    db_random random;
    db_corpus training = {0}, validation = {0};
    db_duplicates found;
    db_random_seed(&random, 4);
    char *a = prose(&random, 300), *b = prose(&random, 500), *both = joined(a, b);
    add(&training, "whole", both);
    add(&validation, "part", a);
    add(&validation, "rest", "some other words that are nowhere else in all of this text here");
    db_duplicates_find(&found, &training, &validation, 0.9);
    assert_int_equal(found.count, 1);
    db_removed removed = db_duplicates_remove(&found, &training, &validation);
    assert_int_equal(removed.training, 0);
    assert_int_equal(removed.validation, 1);
    assert_string_equal(validation.documents[0].name, "rest");
    db_duplicates_free(&found);
    db_corpus_free(&training);
    db_corpus_free(&validation);
    free(a);
    free(b);
    free(both);
}

/* A corpus in which every work stands twice, as published ones have been: each is found, and half of it goes. */
static void a_doubled_corpus_is_halved(void **state)
{
    (void)state;
    enum { WORKS = 60 };
    db_random random;
    db_corpus training = {0}, validation = {0};
    db_duplicates found;
    db_random_seed(&random, 5);
    for (int round = 0; round < 2; round++) {
        db_random_seed(&random, 5);
        for (int i = 0; i < WORKS; i++) {
            char *text = prose(&random, 120), name[32];
            sprintf(name, "%d.%d", i, round);
            add(round == 1 && i >= WORKS - 6 ? &validation : &training, name, text);
            free(text);
        }
    }
    db_duplicates_find(&found, &training, &validation, DB_DUPLICATE_SHARE);
    assert_int_equal(found.count, WORKS);
    assert_int_equal(found.across, 6);
    assert_true(found.leaked == 1);
    db_removed removed = db_duplicates_remove(&found, &training, &validation);
    assert_int_equal(removed.training, WORKS);
    assert_int_equal(removed.validation, 0);
    assert_int_equal(training.count, WORKS - 6);
    db_duplicates_free(&found);
    db_duplicates_find(&found, &training, &validation, DB_DUPLICATE_SHARE);
    assert_int_equal(found.count, 0);
    db_duplicates_free(&found);
    db_corpus_free(&training);
    db_corpus_free(&validation);
}

/* A phrase that opens every story does not make them duplicates, however many there are. */
static void common_phrases_do_not_count(void **state)
{
    (void)state;
    db_random random;
    db_corpus training = {0};
    db_duplicates found;
    db_random_seed(&random, 6);
    for (int i = 0; i < 300; i++) {
        char *rest = prose(&random, 80);
        char *text =
            joined("Once upon a time, in a land far away, there was a little girl who lived with her mother.", rest);
        add(&training, "story", text);
        free(rest);
        free(text);
    }
    db_duplicates_find(&found, &training, NULL, DB_DUPLICATE_SHARE);
    assert_int_equal(found.count, 0);
    db_duplicates_free(&found);
    db_corpus_free(&training);
}

static void texts_of_few_words_are_compared_whole(void **state)
{
    (void)state;
    db_corpus training = {0};
    db_duplicates found;
    add(&training, "1", "Who goes there?");
    add(&training, "2", "who goes... there");
    add(&training, "3", "who goes where");
    add(&training, "4", "!!!");
    add(&training, "5", "???");
    add(&training, "6", "!!!");
    db_duplicates_find(&found, &training, NULL, DB_DUPLICATE_SHARE);
    assert_int_equal(found.count, 2);
    expect_pair(&found.pairs[0], 0, false, 1, 1);
    expect_pair(&found.pairs[1], 3, false, 5, 1);
    assert_int_equal(db_duplicates_remove(&found, &training, NULL).training, 2);
    assert_int_equal(training.count, 4);
    db_duplicates_free(&found);
    db_corpus_free(&training);
    db_duplicates_find(&found, &training, NULL, DB_DUPLICATE_SHARE);
    assert_int_equal(found.count, 0);
    db_duplicates_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(different_texts_are_no_duplicates),
        cmocka_unit_test(copies_are_found_on_both_sides),
        cmocka_unit_test(the_part_goes_and_the_whole_stays),
        cmocka_unit_test(a_large_training_document_outlives_validation),
        cmocka_unit_test(a_doubled_corpus_is_halved),
        cmocka_unit_test(common_phrases_do_not_count),
        cmocka_unit_test(texts_of_few_words_are_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
