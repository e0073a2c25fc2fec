/* Vocabulary, spelling, spacing, capitals, counts.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "text/section.h"
#include "text/spelling.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

/* Sixteen entries are the least there may be: filler that is rarer than what a test looks at. */
#define FILLER " aa bb cc dd ee ff gg hh ii jj kk ll"

static void learn(db_tokenizer *tokenizer, const char *text, uint32_t vocab)
{
    db_corpus corpus = {0};
    db_error error = {0};
    db_corpus_add_text(&corpus, "test", text, strlen(text));
    if (db_tokenizer_learn_word(tokenizer, &corpus, vocab, &error))
        fail_msg("%s", error.message);
    db_corpus_free(&corpus);
}

static uint32_t largest_vocab(const char *text)
{
    db_corpus corpus = {0};
    db_coverage coverage;
    db_corpus_add_text(&corpus, "test", text, strlen(text));
    db_coverage_measure(&coverage, &corpus);
    db_corpus_free(&corpus);
    return (uint32_t)coverage.types + 4;
}

/* Text through encoder and decoder, in a buffer that the next call reuses. */
static const char *round_trip(const db_tokenizer *tokenizer, const char *text)
{
    static char out[4096];
    char piece[DOGBERRY_PIECE_MAX];
    dogberry_cursor cursor = {.text = text, .length = strlen(text)};
    dogberry_decoder decoder = {0};
    size_t used = 0;
    for (int id; (id = dogberry_encode(&tokenizer->view, &cursor)) >= 0;) {
        int length = dogberry_decode(&tokenizer->view, &decoder, (uint32_t)id, piece, sizeof piece);
        assert_true(length >= 0 && used + (size_t)length < sizeof out);
        memcpy(out + used, piece, (size_t)length);
        used += (size_t)length;
    }
    out[used] = 0;
    return out;
}

static void expect_round_trip(const char *corpus, const char *in, const char *out)
{
    db_tokenizer tokenizer;
    learn(&tokenizer, corpus, largest_vocab(corpus));
    assert_string_equal(round_trip(&tokenizer, in), out);
    db_tokenizer_free(&tokenizer);
}

static void expect_key(const db_tokenizer *tokenizer, uint32_t id, const char *key)
{
    size_t length;
    const char *text = db_section_key(tokenizer, id, &length);
    assert_int_equal(length, strlen(key));
    assert_memory_equal(text, key, length);
}

static void entries_are_ranked_by_count_then_bytes(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    learn(&tokenizer, "b a, c c C b, a x, y z q r s t u v", 16);
    static const char *const keys[] = {
        "<unk>", "<|endoftext|>", "\n", "\n\n", ",", "c", "a", "b", "q", "r", "s", "t", "u", "v", "x", "y"};
    assert_int_equal(tokenizer.view.count, 16);
    for (uint32_t id = 0; id < 16; id++)
        expect_key(&tokenizer, id, keys[id]);
    assert_int_equal(tokenizer.view.unknown, 0);
    assert_int_equal(tokenizer.view.end, 1);
    db_tokenizer_free(&tokenizer);
}

static void words_come_out_in_their_commonest_spelling(void **state)
{
    (void)state;
    /* Shouted as a speaker far more often than named; "The" mostly at starts; only ever shouted: "HARK". */
    expect_round_trip("CLAUDIO\tThe day, and i.\nCLAUDIO\tI say I and Claudio are here. The end.\nCLAUDIO\tHARK\n"
                      "CLAUDIO\tand McDuff and McDuff saw the day, the end." FILLER,
                      "claudio and i see THE DAY hark mcduff", "Claudio and I the day HARK McDuff");
    /* Equal counts: small letters win. Starts count when there is nothing else. */
    expect_round_trip("x May x may. Verona" FILLER, "x MAY verona", "x may Verona");
}

static void spacing_follows_the_source(void **state)
{
    (void)state;
    const char *text = "He said, \"Come (now) - or never!\" Then, at once, well-known men came; \"Oh?\" 'Tis [he]: "
                       "so--so it is." FILLER;
    expect_round_trip(text, "said , \"come ( now ) or never !\" then , men came ; so -- so it is .",
                      "Said, \"Come (now) or never!\" Then, men came; so--so it is.");
}

static void quotes_keep_the_source_shape(void **state)
{
    (void)state;
    expect_round_trip("a \"b\" c \"d\" e" FILLER,
                      "a \xE2\x80\x9C"
                      "b\xE2\x80\x9D c",
                      "a \"b\" c");
    expect_round_trip("a \xE2\x80\x9C"
                      "b\xE2\x80\x9D c \xE2\x80\x9C"
                      "d\xE2\x80\x9D e" FILLER,
                      "a \"b\" c",
                      "a \xE2\x80\x9C"
                      "b\xE2\x80\x9D c");
    expect_round_trip("don't don't don't don\xE2\x80\x99t a" FILLER, "DON\xE2\x80\x99T a", "don't a");
}

static void capitals_are_learned_from_the_corpus(void **state)
{
    (void)state;
    const char *prose =
        "The dog ran. The cat sat. A dog saw the cat, a dog and the end.\nthe dog ran and a cat\nran. A dog" FILLER;
    expect_round_trip(prose, "dog. dog\ndog", "Dog. Dog\ndog");
    const char *verse =
        "The dog ran and the\nCat sat and a\nDog ran and the cat, the dog. the dog. a cat. the end\nAnd ran" FILLER;
    expect_round_trip(verse, "dog. dog\ndog", "Dog. dog\nDog");
    const char *speech =
        "The dog said, \"The cat sat.\" A cat said, \"A dog saw the cat and a dog.\" The cat said, \"yes.\"" FILLER;
    expect_round_trip(speech, "dog said, \"cat\"", "Dog said, \"Cat\"");
    const char *small = "the dog ran. the cat sat. a dog\nran. the cat and a dog\nand the dog" FILLER;
    expect_round_trip(small, "dog. dog\ndog", "dog. dog\ndog");
}

static void too_few_words_are_refused_with_what_would_do(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    db_error error = {0};
    db_corpus corpus = {0};
    assert_int_equal(db_tokenizer_learn_word(&tokenizer, &corpus, 16, &error), -1);
    assert_non_null(strstr(error.message, "only 0 different"));
    const char *text = "one two three. one" FILLER;
    db_corpus_add_text(&corpus, "test", text, strlen(text));
    assert_int_equal(db_tokenizer_learn_word(&tokenizer, &corpus, 100, &error), -1);
    assert_non_null(strstr(error.message, "at most 20"));
    assert_int_equal(db_tokenizer_learn_word(&tokenizer, &corpus, 20, &error), 0);
    db_tokenizer_free(&tokenizer);
    assert_int_equal(db_tokenizer_learn_word(&tokenizer, &corpus, 21, &error), -1);
    assert_int_equal(db_tokenizer_learn_word(&tokenizer, &corpus, 15, &error), -1);
    assert_int_equal(db_tokenizer_learn_word(&tokenizer, &corpus, 65536, &error), -1);
    db_corpus_free(&corpus);
}

static void tokens_and_characters_are_counted(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    db_corpus corpus = {0};
    db_tokens tokens = {0};
    learn(&tokenizer, "a a a b b" FILLER, 18);
    const char *text = " \n a \t b \n\n \n\n zebra  caf\xC3\xA9\na \n", *second = "b";
    db_corpus_add_text(&corpus, "1", text, strlen(text));
    db_corpus_add_text(&corpus, "2", second, 1);
    db_tokens_append(&tokens, &tokenizer, &corpus);
    static const uint16_t expected[] = {4, 5, 3, 0, 0, 2, 4, 2, 1, 5, 1};
    assert_int_equal(tokens.count, sizeof expected / sizeof *expected);
    assert_memory_equal(tokens.ids, expected, sizeof expected);
    assert_int_equal(tokens.unknown, 2);
    /* "a b\n\nzebra cafe\na\n" and "b" */
    assert_int_equal(tokens.characters, 3 + 2 + 10 + 1 + 1 + 1 + 1);
    double cost =
        db_spelling_cost(&tokenizer.spelling, "zebra", 5) + db_spelling_cost(&tokenizer.spelling, "caf\xC3\xA9", 5);
    assert_true(fabs(tokens.spelling_nats - cost) < 1e-12);
    db_tokens_free(&tokens);
    db_corpus_free(&corpus);
    db_tokenizer_free(&tokenizer);
}

static void spelling_is_a_distribution(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    learn(&tokenizer, "a a a b b" FILLER, 18);
    const db_spelling *spelling = &tokenizer.spelling;
    /* 29 code points, a: 5, 17 pieces; 12 kinds: (5 + 1) / (29 + 17 + 12 + 2) */
    assert_int_equal(spelling->count, 12);
    assert_true(fabs(spelling->nats[0] + log(6.0 / 60.0)) < 1.01 / DB_SPELLING_UNITS);
    assert_true(fabs(spelling->end_nats + log(18.0 / 60.0)) < 1.01 / DB_SPELLING_UNITS);
    double sum = exp(-spelling->end_nats) + exp(-spelling->other_nats) * (DB_UTF8_SCALARS - 12.0);
    for (size_t i = 0; i < spelling->count; i++)
        sum += exp(-spelling->nats[i]);
    assert_true(sum <= 1 && sum > 1 - 2.0 / DB_SPELLING_UNITS);
    assert_true(fabs(db_spelling_cost(spelling, "ab", 2) - spelling->nats[0] - spelling->nats[1] - spelling->end_nats) <
                1e-12);
    assert_true(fabs(db_spelling_cost(spelling, "\xE4\xBD\xA0", 3) - spelling->other_nats - spelling->end_nats) <
                1e-12);
    db_tokenizer_free(&tokenizer);
}

static void coverage_counts_the_commonest(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_coverage coverage;
    char word[32];
    for (int i = 0; i < 2000; i++) { /* word i occurs twice for i < 996, else once */
        int length = i < 996 ? sprintf(word, "w%d w%d\n", i, i) : sprintf(word, "w%d\n\n", i);
        db_corpus_add_text(&corpus, "x", word, (size_t)length);
    }
    db_coverage_measure(&coverage, &corpus);
    assert_int_equal(coverage.types, 2000);
    assert_int_equal(coverage.tokens, 2996);
    assert_int_equal(coverage.vocab[0], 1000);
    assert_true(fabs(coverage.covered[0] - 1992.0 / 2996) < 1e-12);
    assert_true(fabs(coverage.covered[1] - 2992.0 / 2996) < 1e-12);
    assert_true(coverage.covered[2] == 1);
    db_corpus_free(&corpus);
}

static void giants_are_unknown(void **state)
{
    (void)state;
    size_t length = 5u << 20;
    char *line = db_allocate(length + 1);
    memset(line, 'x', length);
    db_corpus corpus = {0};
    db_tokenizer tokenizer;
    db_tokens tokens = {0};
    db_corpus_add_text(&corpus, "line", line, length);
    db_corpus_add_text(&corpus, "rest", "a b" FILLER, strlen("a b" FILLER));
    assert_int_equal(db_tokenizer_learn_word(&tokenizer, &corpus, 18, NULL), 0);
    db_tokens_append(&tokens, &tokenizer, &corpus);
    assert_int_equal(tokens.unknown, 1);
    assert_int_equal(tokens.ids[0], 0);
    assert_int_equal(tokens.characters, length + strlen("a b" FILLER));
    db_tokens_free(&tokens);
    db_tokenizer_free(&tokenizer);
    db_corpus_free(&corpus);
    free(line);
}

/* Emoji, Chinese, combining marks, anything: learning, encoding and decoding stay whole. */
static void any_text_is_taken(void **state)
{
    (void)state;
    static const char *const bits[] = {"word ",
                                       "Word",
                                       "'",
                                       "\"",
                                       "\xE2\x80\x9C",
                                       "\xE2\x80\x9D",
                                       "\xE2\x80\x99",
                                       "-",
                                       "--",
                                       "...",
                                       "\n",
                                       "\n\n",
                                       " ",
                                       "\t",
                                       "\xE4\xBD\xA0\xE5\xA5\xBD",
                                       "\xF0\x9F\x98\x80",
                                       "\xC3\x89t\xC3\xA9 ",
                                       "\xE2\x80\x94",
                                       "3.14",
                                       "\xE2\x80\xA6",
                                       "\xEF\xBF\xBD",
                                       "e\xCC\x81",
                                       "\xC2\xA0",
                                       "(",
                                       ")",
                                       "I'll "};
    db_random random;
    db_random_seed(&random, 7);
    for (int round = 0; round < 50; round++) {
        char text[2000] = "";
        for (int i = 0; i < 200; i++)
            strcat(text, bits[db_random_below(&random, sizeof bits / sizeof *bits)]);
        strcat(text, FILLER);
        db_tokenizer tokenizer;
        learn(&tokenizer, text, largest_vocab(text));
        const char *once = db_copy_string(round_trip(&tokenizer, text));
        assert_int_equal(db_utf8_check(once, strlen(once)), strlen(once));
        free((void *)once);
        db_tokenizer_free(&tokenizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_ranked_by_count_then_bytes),
        cmocka_unit_test(words_come_out_in_their_commonest_spelling),
        cmocka_unit_test(spacing_follows_the_source),
        cmocka_unit_test(quotes_keep_the_source_shape),
        cmocka_unit_test(capitals_are_learned_from_the_corpus),
        cmocka_unit_test(too_few_words_are_refused_with_what_would_do),
        cmocka_unit_test(tokens_and_characters_are_counted),
        cmocka_unit_test(spelling_is_a_distribution),
        cmocka_unit_test(coverage_counts_the_commonest),
        cmocka_unit_test(giants_are_unknown),
        cmocka_unit_test(any_text_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
