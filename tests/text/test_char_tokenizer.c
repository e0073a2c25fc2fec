/* One code point, one token.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "text/section.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

static const char sample[] =
    "eeeee ttttt \xC3\xA9\xC3\xA9\xC3\xA9 aaaa\n\n\nbcdfghijkl \xF0\x9F\x98\x80\xF0\x9F\x98\x80";

static void learn(db_tokenizer *tokenizer, uint32_t vocab)
{
    db_corpus corpus = {0};
    db_error error = {0};
    db_corpus_add_text(&corpus, "sample", sample, strlen(sample));
    if (db_tokenizer_learn_char(tokenizer, &corpus, vocab, &error))
        fail_msg("%s", error.message);
    db_corpus_free(&corpus);
}

static void characters_are_ranked_by_count_then_code(void **state)
{
    (void)state;
    static const char *const keys[] = {"<unk>",    "<|endoftext|>",    "e", "t", " ", "a", "\n",
                                       "\xC3\xA9", "\xF0\x9F\x98\x80", "b"};
    db_tokenizer tokenizer;
    learn(&tokenizer, 16);
    assert_int_equal(tokenizer.view.count, 16);
    assert_int_equal(tokenizer.view.unknown, 0);
    assert_int_equal(tokenizer.view.end, 1);
    for (uint32_t id = 0; id < sizeof keys / sizeof *keys; id++) {
        size_t length;
        const char *key = db_section_key(&tokenizer, id, &length);
        assert_int_equal(length, strlen(keys[id]));
        assert_memory_equal(key, keys[id], length);
    }
    db_tokenizer_free(&tokenizer);
}

static void known_texts_come_back_exactly(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    char back[sizeof sample] = "", piece[DOGBERRY_PIECE_MAX];
    learn(&tokenizer, 19);
    dogberry_cursor cursor = {.text = sample, .length = strlen(sample)};
    dogberry_decoder decoder = {0};
    for (int id; (id = dogberry_encode(&tokenizer.view, &cursor)) >= 0;) {
        assert_int_not_equal(id, 0);
        assert_true(dogberry_decode(&tokenizer.view, &decoder, (uint32_t)id, piece, sizeof piece) > 0);
        strcat(back, piece);
    }
    assert_string_equal(back, sample);
    assert_int_equal(dogberry_decode(&tokenizer.view, &decoder, 1, piece, sizeof piece), 0);
    db_tokenizer_free(&tokenizer);
}

static void unknown_characters_pay_for_all_of_unicode(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    db_tokens tokens = {0};
    db_corpus corpus = {0};
    learn(&tokenizer, 19);
    db_corpus_add_text(&corpus, "1", "e Z\xE4\xBD\xA0", 6);
    db_tokens_append(&tokens, &tokenizer, &corpus);
    static const uint16_t expected[] = {2, 4, 0, 0, 1};
    assert_int_equal(tokens.count, 5);
    assert_memory_equal(tokens.ids, expected, sizeof expected);
    assert_int_equal(tokens.unknown, 2);
    assert_int_equal(tokens.characters, 4);
    assert_true(fabs(tokens.spelling_nats - 2 * log(DB_UTF8_SCALARS - 17.0)) < 1e-9);
    db_tokens_free(&tokens);
    db_corpus_free(&corpus);
    db_tokenizer_free(&tokenizer);
}

static void invalid_bytes_are_unknown(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    learn(&tokenizer, 19);
    dogberry_cursor cursor = {.text = "e\xC3\xFF"
                                      "e",
                              .length = 4};
    static const int expected[] = {2, 0, 0, 2, -1};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(dogberry_encode(&tokenizer.view, &cursor), expected[i]);
    db_tokenizer_free(&tokenizer);
}

static void impossible_vocabularies_are_refused(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    db_corpus corpus = {0};
    db_error error = {0};
    assert_int_equal(db_tokenizer_learn_char(&tokenizer, &corpus, 16, &error), -1);
    db_corpus_add_text(&corpus, "sample", sample, strlen(sample));
    assert_int_equal(db_tokenizer_learn_char(&tokenizer, &corpus, 15, &error), -1);
    assert_int_equal(db_tokenizer_learn_char(&tokenizer, &corpus, 20, &error), -1);
    assert_non_null(strstr(error.message, "at most 19"));
    db_corpus_free(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_ranked_by_count_then_code),  cmocka_unit_test(known_texts_come_back_exactly),
        cmocka_unit_test(unknown_characters_pay_for_all_of_unicode), cmocka_unit_test(invalid_bytes_are_unknown),
        cmocka_unit_test(impossible_vocabularies_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
