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
#include "interop/splitter_regex.h"
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

static const char pairs[] =
    "the cat sat on the mat, the other cat sat on that mat. \"na\xC3\xAFve cats\"\n\nthe cat sat\n";

/* A tokenizer as learned and as saved. */
typedef struct {
    db_tokenizer tokenizer;
    char *extra; /* its part of config.json */
    char *file;  /* tokenizer.json */
} saved;

static saved learn_and_save(int kind)
{
    saved s = {0};
    db_corpus corpus = {0};
    db_error error = {0};
    void *bytes;
    size_t length;
    const char *sample = kind == DOGBERRY_BPE ? pairs : text;
    db_corpus_add_text(&corpus, "text", sample, strlen(sample));
    int failed = kind == DOGBERRY_WORD   ? db_tokenizer_learn_word(&s.tokenizer, &corpus, 38, &error)
                 : kind == DOGBERRY_CHAR ? db_tokenizer_learn_char(&s.tokenizer, &corpus, 40, &error)
                                         : db_tokenizer_learn_bpe(&s.tokenizer, &corpus, 256, &error);
    if (failed || db_tokenizer_save(&s.tokenizer, path, &s.extra, &error) ||
        db_file_read(path, &bytes, &length, &error))
        fail_msg("%s", error.message);
    db_corpus_free(&corpus);
    s.file = bytes;
    return s;
}

static void free_saved(saved *s)
{
    db_tokenizer_free(&s->tokenizer);
    free(s->extra);
    free(s->file);
}

static void expect_same(const db_tokenizer *a, const db_tokenizer *b)
{
    assert_int_equal(a->section_bytes, b->section_bytes);
    assert_memory_equal(a->section, b->section, a->section_bytes);
    assert_int_equal(a->spelling.count, b->spelling.count);
    for (size_t i = 0; i < a->spelling.count; i++) {
        assert_int_equal(a->spelling.characters[i], b->spelling.characters[i]);
        assert_true(a->spelling.nats[i] == b->spelling.nats[i]);
    }
    assert_true(a->spelling.end_nats == b->spelling.end_nats);
    assert_true(a->spelling.other_nats == b->spelling.other_nats);
}

static void tokenizers_return_to_the_byte(void **state)
{
    (void)state;
    for (int kind = DOGBERRY_WORD; kind <= DOGBERRY_BPE; kind++) {
        saved s = learn_and_save(kind);
        db_tokenizer again;
        db_error error = {0};
        if (db_tokenizer_load(&again, path, s.extra, &error))
            fail_msg("%s", error.message);
        assert_int_equal(again.view.kind, kind);
        expect_same(&again, &s.tokenizer);
        db_tokenizer_free(&again);
        free_saved(&s);
    }
}

/* Characters and byte pairs need nothing but tokenizer.json, so that other software's can be read. */
static void only_words_need_the_extra_part(void **state)
{
    (void)state;
    for (int kind = DOGBERRY_WORD; kind <= DOGBERRY_BPE; kind++) {
        saved s = learn_and_save(kind);
        db_tokenizer again;
        db_error error = {0};
        assert_int_equal(db_tokenizer_load(&again, path, NULL, &error), kind == DOGBERRY_WORD ? -1 : 0);
        if (kind == DOGBERRY_WORD)
            assert_non_null(strstr(error.message, "config.json"));
        else
            expect_same(&again, &s.tokenizer);
        db_tokenizer_free(&again);
        free_saved(&s);
    }
}

/* `whole` with the first `from` as `to`, in a new string. */
static char *replaced(const char *whole, const char *from, const char *to)
{
    const char *place = strstr(whole, from);
    if (!place)
        fail_msg("there is no %s", from);
    char *damaged = db_allocate(strlen(whole) + strlen(to) + 1);
    memcpy(damaged, whole, (size_t)(place - whole));
    return strcat(strcat(damaged, to), place + strlen(from));
}

/* Must be refused in one line that says `words`. */
static void expect_refusal(const char *file, const char *extra, const char *words)
{
    db_tokenizer again;
    db_error error = {0};
    assert_int_equal(db_file_write(path, file, strlen(file), &error), 0);
    assert_int_equal(db_tokenizer_load(&again, path, extra, &error), -1);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    assert_null(strchr(error.message, '\n'));
    assert_null(again.section);
}

static void damaged_files_are_refused(int kind, const char *const (*cases)[3], size_t count)
{
    saved s = learn_and_save(kind);
    for (size_t i = 0; i < count; i++) {
        char *damaged = replaced(s.file, cases[i][0], cases[i][1]);
        expect_refusal(damaged, s.extra, cases[i][2]);
        free(damaged);
    }
    free_saved(&s);
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void damaged_word_files_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{", "[", "not JSON"},
        {"WordLevel", "Unigram", "Unigram"},
        {"\"model\"", "\"modle\"", "not a tokenizer.json"},
        {"\"vocab\"", "\"words\"", "vocab"},
        {"\"<unk>\": 0", "\"<unk>\": 1", "id of"},
        {"\"<unk>\": 0", "\"<unk>\": -1", "id of"},
        {"\"<unk>\": 0", "\"<unk>\": 0.5", "id of"},
        {"\"<unk>\": 0", "\"<unq>\": 0", "<unk>"},
        {"\"<unk>\": 0", "\"<unk>\": 0, \"<unk>\": 0", "not JSON"},
        {"\"claudio\"", "\"\"", "0 bytes"},
        {"\"claudio\"", "\"claudioclaudioclaudioclaudioclaudioclaudioclaudioclaudio\"", "56 bytes"},
        {"Lowercase", "NFKC", "normalizer"},
        {"\"invert\": true", "\"invert\": false", "pre_tokenizer"},
    };
    damaged_files_are_refused(DOGBERRY_WORD, cases, COUNT(cases));
}

static void damaged_word_extras_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{", "", "not JSON"},
        {"\"display\"", "\"shown\"", "display"},
        {"\"claudio\"", "\"claudius\"", "claudius"},
        {"\"Claudio\"", "\"\"", "display of"},
        {"\"Claudio\"", "7", "display of"},
        {"\"no_space_before\"", "\"glue\"", "no_space_before"},
        {"\"capital_lines\"", "\"capitals\"", "capital_lines"},
        {"\"characters\"", "\"letters\"", "characters"},
        {"\"costs\": [", "\"costs\": [5,", "costs"},
        {"\"costs\": [", "\"costs\": [-", "cost"},
        {"\"end\"", "\"fin\"", "end"},
        {"acde", "cade", "ascend"},
    };
    saved s = learn_and_save(DOGBERRY_WORD);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *damaged = replaced(s.extra, cases[i][0], cases[i][1]);
        expect_refusal(s.file, damaged, i == 9 ? "not JSON" : cases[i][2]);
        free(damaged);
    }
    free_saved(&s);
}

static void damaged_character_files_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"\"normalizer\": null", "\"normalizer\": {\"type\": \"Lowercase\"}", "normalizer"},
        {"\"e\":", "\"ee\":", "refuses"},
        {"\"<|endoftext|>\":", "\"<|end|>\":", "<|endoftext|>"},
        {"\"Isolated\"", "\"Removed\"", "pre_tokenizer"},
    };
    damaged_files_are_refused(DOGBERRY_CHAR, cases, COUNT(cases));
}

static void damaged_byte_pair_files_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"\"dropout\": null", "\"dropout\": 0.1", "dropout"},
        {"\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback"},
        {"\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", "normalizer"},
        {"\"use_regex\": false", "\"use_regex\": true", "pre_tokenizer"},
        {"\"special\": true", "\"special\": false", "not special"},
        {"\"content\": \"<|endoftext|>\"", "\"content\": \"<s>\"", "<s>"},
        {"\"!\":", "\"\xE4\xBD\xA0\":", "byte alphabet"},
        {"\"!\":", "\"!!\":", "refuses"}, /* a byte is missing */
        {"\"!\":", "\"!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\":", "48 bytes"},
        {"\"merges\"", "\"pairs\"", "merges"},
        {"\"merges\": [", "\"merges\": [7,", "merge 0"},
        {"\"merges\": [", "\"merges\": [[\"a\"],", "merge 0"},
        {"\"merges\": [", "\"merges\": [[\"a\", \"%\"],", "lacks"},
        {"\"merges\": [", "\"merges\": [[\"t\", \"h\"],", "two merges"},
    };
    damaged_files_are_refused(DOGBERRY_BPE, cases, COUNT(cases));
}

/* Older files write a merge as one text with a space between. */
static void older_merges_are_read(void **state)
{
    (void)state;
    saved s = learn_and_save(DOGBERRY_BPE);
    db_tokenizer again;
    db_error error = {0};
    char *merges = strstr(s.file, "\"merges\""), *older = db_allocate(2 * strlen(s.file)), *out = older;
    memcpy(out, s.file, (size_t)(merges - s.file));
    out += merges - s.file;
    for (const char *in = merges; *in; in++) {
        static const char between[] = "\",\n    \"";
        if (strncmp(in, "[\n    \"", 7) == 0)
            in += 5;
        else if (strncmp(in, between, strlen(between)) == 0) {
            *out++ = ' ';
            in += strlen(between) - 1;
            continue;
        } else if (strncmp(in, "\"\n   ]", 6) == 0) {
            *out++ = '"';
            in += 5;
            continue;
        }
        if (*in != '\n')
            *out++ = *in;
    }
    assert_int_equal(db_file_write(path, older, strlen(older), &error), 0);
    assert_null(strstr(older, "\", \""));
    if (db_tokenizer_load(&again, path, NULL, &error))
        fail_msg("%s", error.message);
    expect_same(&again, &s.tokenizer);
    db_tokenizer_free(&again);
    free(older);
    free_saved(&s);
}

static void missing_folders_are_refused(void **state)
{
    (void)state;
    saved s = learn_and_save(DOGBERRY_CHAR);
    db_tokenizer again;
    db_error error = {0};
    char *none = NULL;
    assert_int_equal(db_tokenizer_load(&again, "/nowhere/tokenizer.json", s.extra, &error), -1);
    assert_non_null(strstr(error.message, "/nowhere/tokenizer.json"));
    assert_int_equal(db_tokenizer_save(&s.tokenizer, "/nowhere/tokenizer.json", &none, &error), -1);
    assert_null(none);
    free_saved(&s);
}

/* Cut anywhere, a file is refused. */
static void truncations_are_refused(void **state)
{
    (void)state;
    for (int kind = DOGBERRY_WORD; kind <= DOGBERRY_BPE; kind++) {
        saved s = learn_and_save(kind);
        db_tokenizer again;
        db_error error = {0};
        size_t length = strlen(s.file);
        for (size_t kept = 0; kept + 2 < length; kept += 97) {
            FILE *stream = fopen(path, "wb");
            assert_int_equal(fwrite(s.file, 1, kept, stream), kept);
            fclose(stream);
            assert_int_equal(db_tokenizer_load(&again, path, s.extra, &error), -1);
        }
        free_saved(&s);
    }
}

/* The regular expressions say "mark" for all that lies beyond the classes they list. */
static void classes_end_where_the_expressions_do(void **state)
{
    (void)state;
    for (uint32_t code = DB_SPLITTER_CLASSED; code <= 0x10FFFF; code++)
        assert_int_equal(db_splitter_class(code), DB_SPLITS_MARK);
    assert_int_equal(db_splitter_class(DB_SPLITTER_CLASSED - 1), DB_SPLITS_WORD);
    assert_int_equal(db_splitter_class(' '), DB_SPLITS_BLANK);
    assert_int_equal(db_splitter_class('Q'), DB_SPLITS_WORD);
    assert_int_equal(db_splitter_class('('), DB_SPLITS_OPENING);
    assert_int_equal(db_splitter_class(')'), DB_SPLITS_MARK);
    assert_int_equal(db_splitter_class('\''), DB_SPLITS_MARK);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tokenizers_return_to_the_byte),
        TEST(only_words_need_the_extra_part),
        TEST(damaged_word_files_are_refused),
        TEST(damaged_word_extras_are_refused),
        TEST(damaged_character_files_are_refused),
        TEST(damaged_byte_pair_files_are_refused),
        TEST(older_merges_are_read),
        TEST(missing_folders_are_refused),
        TEST(truncations_are_refused),
        TEST(classes_end_where_the_expressions_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
