/* tokenizer.json: there and back, and damage.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "text/tokenizer.h"

static char folder[] = "/tmp/dogberry-tokenizer-XXXXXX";
static char path[300];

static int start(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static const char text[] =
    "He said, \"Come (now) -- or never!\" Then Claudio said: \"I don't know...\"\n\n"
    "MESSENGER\tMy lord, \xC3\x89tienne d\xE2\x80\x99Or is here; and so is McDuff. The day\nis old.\n";

static void learn(db_tokenizer *tokenizer)
{
    db_corpus corpus = {0};
    db_error error = {0};
    db_coverage coverage;
    db_corpus_add_text(&corpus, "text", text, strlen(text));
    db_coverage_measure(&coverage, &corpus);
    if (db_tokenizer_learn_word(tokenizer, &corpus, (uint32_t)coverage.types + 2, &error))
        fail_msg("%s", error.message);
    db_corpus_free(&corpus);
}

static void a_word_tokenizer_returns_to_the_byte(void **state)
{
    (void)state;
    db_tokenizer tokenizer, again;
    db_error error = {0};
    char *extra = NULL;
    learn(&tokenizer);
    assert_int_equal(db_tokenizer_save(&tokenizer, path, &extra, &error), 0);
    if (db_tokenizer_load(&again, path, extra, &error))
        fail_msg("%s", error.message);
    assert_int_equal(again.section_bytes, tokenizer.section_bytes);
    assert_memory_equal(again.section, tokenizer.section, tokenizer.section_bytes);
    assert_int_equal(again.spelling.count, tokenizer.spelling.count);
    for (size_t i = 0; i < again.spelling.count; i++) {
        assert_int_equal(again.spelling.characters[i], tokenizer.spelling.characters[i]);
        assert_true(again.spelling.nats[i] == tokenizer.spelling.nats[i]);
    }
    assert_true(again.spelling.end_nats == tokenizer.spelling.end_nats);
    assert_true(again.spelling.other_nats == tokenizer.spelling.other_nats);
    free(extra);
    db_tokenizer_free(&tokenizer);
    db_tokenizer_free(&again);
}

/* Loads after `from` became `to`, in the file or in the extra part; must be refused in one line with `words`. */
static void expect_refusal(bool in_file, const char *from, const char *to, const char *words)
{
    db_tokenizer tokenizer, again;
    db_error error = {0};
    char *extra = NULL;
    void *bytes;
    size_t length;
    learn(&tokenizer);
    assert_int_equal(db_tokenizer_save(&tokenizer, path, &extra, &error), 0);
    assert_int_equal(db_file_read(path, &bytes, &length, &error), 0);
    const char *whole = in_file ? bytes : extra, *place = strstr(whole, from);
    if (!place)
        fail_msg("no %s to damage", from);
    char *damaged = db_allocate(strlen(whole) + strlen(to) + 1);
    memcpy(damaged, whole, (size_t)(place - whole));
    strcat(strcat(damaged, to), place + strlen(from));
    if (in_file)
        assert_int_equal(db_file_write(path, damaged, strlen(damaged), &error), 0);
    assert_int_equal(db_tokenizer_load(&again, path, in_file ? extra : damaged, &error), -1);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    assert_null(strchr(error.message, '\n'));
    assert_null(again.section);
    free(damaged);
    free(bytes);
    free(extra);
    db_tokenizer_free(&tokenizer);
}

static void damage_is_refused_in_one_line(void **state)
{
    (void)state;
    expect_refusal(true, "{", "[", "not JSON");
    expect_refusal(true, "WordLevel", "Unigram", "Unigram");
    expect_refusal(true, "\"model\"", "\"modle\"", "not a tokenizer.json");
    expect_refusal(true, "\"vocab\"", "\"words\"", "vocab");
    expect_refusal(true, "\"<unk>\": 0", "\"<unk>\": 1", "id of");
    expect_refusal(true, "\"<unk>\": 0", "\"<unk>\": -1", "id of");
    expect_refusal(true, "\"<unk>\": 0", "\"<unk>\": 0.5", "id of");
    expect_refusal(true, "\"<unk>\": 0", "\"<unq>\": 0", "<unk>");
    expect_refusal(true, "\"<unk>\": 0", "\"<unk>\": 0, \"<unk>\": 0", "not JSON");
    expect_refusal(true, "\"claudio\"", "\"\"", "0 bytes");
    expect_refusal(true, "\"claudio\"", "\"claudioclaudioclaudioclaudioclaudioclaudioclaudioclaudio\"", "56 bytes");
    expect_refusal(true, "Lowercase", "NFKC", "normalizer");
    expect_refusal(true, "\"invert\": true", "\"invert\": false", "pre_tokenizer");
    expect_refusal(false, "{", "", "not JSON");
    expect_refusal(false, "\"display\"", "\"shown\"", "display");
    expect_refusal(false, "\"claudio\"", "\"claudius\"", "claudius");
    expect_refusal(false, "\"Claudio\"", "\"\"", "display of");
    expect_refusal(false, "\"Claudio\"", "7", "display of");
    expect_refusal(false, "\"no_space_before\"", "\"glue\"", "no_space_before");
    expect_refusal(false, "\"capital_lines\"", "\"capitals\"", "capital_lines");
    expect_refusal(false, "\"characters\"", "\"letters\"", "characters");
    expect_refusal(false, "\"costs\": [", "\"costs\": [5,", "costs");
    expect_refusal(false, "\"end\"", "\"fin\"", "end");
}

static void missing_parts_are_refused(void **state)
{
    (void)state;
    db_tokenizer tokenizer, again;
    db_error error = {0};
    char *extra = NULL;
    learn(&tokenizer);
    assert_int_equal(db_tokenizer_save(&tokenizer, path, &extra, &error), 0);
    assert_int_equal(db_tokenizer_load(&again, path, NULL, &error), -1);
    assert_non_null(strstr(error.message, "config.json"));
    assert_int_equal(db_tokenizer_load(&again, "/nowhere/tokenizer.json", extra, &error), -1);
    assert_non_null(strstr(error.message, "/nowhere/tokenizer.json"));
    char *none = NULL;
    assert_int_equal(db_tokenizer_save(&tokenizer, "/nowhere/tokenizer.json", &none, &error), -1);
    assert_null(none);
    free(extra);
    db_tokenizer_free(&tokenizer);
}

/* Every truncation of the file: a clean refusal, never a crash. */
static void truncations_are_refused(void **state)
{
    (void)state;
    db_tokenizer tokenizer, again;
    db_error error = {0};
    char *extra = NULL;
    void *bytes;
    size_t length;
    learn(&tokenizer);
    assert_int_equal(db_tokenizer_save(&tokenizer, path, &extra, &error), 0);
    assert_int_equal(db_file_read(path, &bytes, &length, &error), 0);
    for (size_t kept = 0; kept + 2 < length; kept += 37) {
        FILE *stream = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, kept, stream), kept);
        fclose(stream);
        assert_int_equal(db_tokenizer_load(&again, path, extra, &error), -1);
    }
    free(bytes);
    free(extra);
    db_tokenizer_free(&tokenizer);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_word_tokenizer_returns_to_the_byte),
        TEST(damage_is_refused_in_one_line),
        TEST(missing_parts_are_refused),
        TEST(truncations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
