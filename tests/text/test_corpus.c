/* Files, folders and bad input; the split.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "text/corpus.h"
#include "text/utf8.h"

static char folder[] = "/tmp/dogberry-corpus-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][256];
    static int turn;
    char *place = path[turn++ & 3];
    snprintf(place, sizeof path[0], "%s/%s", folder, name);
    return place;
}

static const char *put(const char *name, const char *bytes, size_t length)
{
    const char *path = in_folder(name);
    assert_int_equal(db_file_write(path, bytes, length, NULL), 0);
    return path;
}

static int start(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* Reads one file that holds these bytes; the corpus is the caller's to free. */
static int read_bytes(db_corpus *corpus, const char *bytes, size_t length, bool lossy, db_error *error)
{
    *corpus = (db_corpus){0};
    *error = (db_error){0};
    return db_corpus_add(corpus, put("input.txt", bytes, length), lossy, error);
}

static void expect_text(const char *bytes, const char *text, bool lossy)
{
    db_corpus corpus;
    db_error error;
    assert_int_equal(read_bytes(&corpus, bytes, strlen(bytes), lossy, &error), 0);
    assert_int_equal(corpus.count, 1);
    assert_string_equal(corpus.documents[0].text, text);
    assert_int_equal(corpus.documents[0].bytes, strlen(text));
    assert_int_equal(corpus.bytes, strlen(text));
    assert_string_equal(corpus.documents[0].name, "input.txt");
    db_corpus_free(&corpus);
}

static void expect_refusal(const char *bytes, size_t length, const char *words)
{
    db_corpus corpus;
    db_error error;
    assert_int_equal(read_bytes(&corpus, bytes, length, false, &error), -1);
    assert_non_null(strstr(error.message, "input.txt"));
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    assert_null(strchr(error.message, '\n'));
    assert_int_equal(corpus.count, 0);
    db_corpus_free(&corpus);
}

static void line_ends_and_mark_are_normalised(void **state)
{
    (void)state;
    expect_text("\xEF\xBB\xBFone\r\ntwo\rthree\r\n\r\nfour", "one\ntwo\nthree\n\nfour", false);
    expect_text("kept \xEF\xBB\xBF inside\n", "kept \xEF\xBB\xBF inside\n", false);
    expect_text("\xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\x98\x80\n", "\xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\x98\x80\n", false);
}

static void bad_input_is_refused_with_its_reason(void **state)
{
    (void)state;
    expect_refusal("", 0, "empty");
    expect_refusal("\xEF\xBB\xBF", 3, "blanks");
    expect_refusal(" \r\n\t\n", 5, "blanks");
    expect_refusal("\x7F"
                   "ELF\0\1\2\3",
                   8, "binary");
    expect_refusal("\xFF\xFEh\0i\0", 6, "UTF-16");
    expect_refusal("caf\xE9 au lait", 12, "byte 0xE9 at offset 3");
    expect_refusal("\xEF\xBB\xBF\r\nok \xC3", 9, "byte 0xC3 at offset 8");
    expect_refusal("fine\n\xED\xA0\x80", 8, "offset 5");
    expect_refusal("<|endoftext|>\n\n<|endoftext|>\n", 29, "no text");
}

static void lossy_replaces_each_bad_byte(void **state)
{
    (void)state;
    expect_text("caf\xE9\r\n\xE2\x82!\xFF", "caf\xEF\xBF\xBD\n\xEF\xBF\xBD\xEF\xBF\xBD!\xEF\xBF\xBD", true);
    expect_text("\x80", "\xEF\xBF\xBD", true);
    expect_text("all fine", "all fine", true);
}

static void missing_and_unreadable_paths_are_refused(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_error error = {0};
    assert_int_equal(db_corpus_add(&corpus, in_folder("nothing.txt"), false, &error), -1);
    assert_non_null(strstr(error.message, "nothing.txt"));
    assert_int_equal(mkdir(in_folder("void"), 0777), 0);
    assert_int_equal(db_corpus_add(&corpus, in_folder("void"), false, &error), -1);
    assert_non_null(strstr(error.message, "no text in this folder"));
    put("void/picture.png", "\x89PNG\0\0", 6);
    put("void/.hidden.txt", "secret", 6);
    put("void/blank.txt", "\n\n", 2);
    assert_int_equal(db_corpus_add(&corpus, in_folder("void"), false, &error), -1);
    assert_non_null(strstr(error.message, "no text in this folder"));
    db_corpus_free(&corpus);
}

static void folders_are_read_in_order(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_error error = {0};
    mkdir(in_folder("b"), 0777);
    mkdir(in_folder("b/inner"), 0777);
    put("z.txt", "zed", 3);
    put("a.txt", "ay", 2);
    put("b/inner/2.txt", "two", 3);
    put("b/1.md", "one", 3);
    put("b/data.bin", "\0\0", 2);
    assert_int_equal(symlink(folder, in_folder("b/loop")), 0);
    assert_int_equal(db_corpus_add(&corpus, folder, false, &error), 0);
    static const char *const names[] = {"a.txt", "b/1.md", "b/inner/2.txt", "z.txt"};
    assert_int_equal(corpus.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(corpus.documents[i].name, names[i]);
    assert_int_equal(corpus.bytes, 11);
    put("b/bad.txt", "ok\xFF", 3);
    assert_int_equal(db_corpus_add(&corpus, folder, false, &error), -1);
    assert_non_null(strstr(error.message, "bad.txt: byte 0xFF at offset 2"));
    assert_int_equal(corpus.count, 4);
    assert_int_equal(corpus.bytes, 11);
    db_corpus_free(&corpus);
}

static void separators_make_documents(void **state)
{
    (void)state;
    db_corpus corpus;
    db_error error;
    const char *text =
        "\nfirst\nstory\n<|endoftext|>\n\n  <|endoftext|> \r\nsecond <|endoftext|> story\n\n<|endoftext|>\nlast\n";
    assert_int_equal(read_bytes(&corpus, text, strlen(text), false, &error), 0);
    assert_int_equal(corpus.count, 3);
    assert_string_equal(corpus.documents[0].text, "first\nstory");
    assert_string_equal(corpus.documents[1].text, "second <|endoftext|> story");
    assert_string_equal(corpus.documents[2].text, "last");
    assert_string_equal(corpus.documents[0].name, "input.txt#1");
    assert_string_equal(corpus.documents[2].name, "input.txt#3");
    db_corpus_free(&corpus);
}

static void five_megabytes_in_one_line(void **state)
{
    (void)state;
    size_t length = 5u << 20;
    char *line = db_allocate(length);
    memset(line, 'x', length);
    db_corpus corpus, validation = {0};
    db_error error;
    assert_int_equal(read_bytes(&corpus, line, length, false, &error), 0);
    assert_int_equal(corpus.documents[0].bytes, length);
    assert_int_equal(db_corpus_split(&corpus, 0.1, &validation, &error), 0);
    assert_int_equal(corpus.bytes + validation.bytes, length);
    assert_int_equal(validation.bytes, length / 10);
    db_corpus_free(&validation);
    db_corpus_free(&corpus);
    free(line);
}

static void add_repeated(db_corpus *corpus, const char *name, const char *line, size_t times)
{
    size_t length = strlen(line);
    char *text = db_allocate(length * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * length, line, length);
    db_corpus_add_text(corpus, name, text, length * times);
    free(text);
}

static void a_single_document_is_cut_at_a_paragraph(void **state)
{
    (void)state;
    db_corpus corpus = {0}, validation = {0};
    db_error error = {0};
    add_repeated(&corpus, "only.txt", "some words in a line\nand another.\n\n", 100);
    char *whole = db_copy_string(corpus.documents[0].text);
    assert_int_equal(db_corpus_split(&corpus, 0.1, &validation, &error), 0);
    assert_int_equal(corpus.count, 1);
    assert_int_equal(validation.count, 1);
    const db_document *head = &corpus.documents[0], *tail = &validation.documents[0];
    assert_int_equal(head->bytes, corpus.bytes);
    assert_int_equal(tail->bytes, 350);
    assert_string_equal(head->text + head->bytes - 2, "\n\n");
    assert_memory_equal(whole, head->text, head->bytes);
    assert_string_equal(whole + head->bytes, tail->text);
    assert_string_equal(tail->name, "only.txt (tail)");
    free(whole);
    db_corpus_free(&corpus);
    db_corpus_free(&validation);
}

static void a_cut_never_halves_a_character(void **state)
{
    (void)state;
    for (size_t times = 20; times < 60; times++) {
        db_corpus corpus = {0}, validation = {0};
        add_repeated(&corpus, "only.txt", "\xF0\x9F\x98\x80", times);
        assert_int_equal(db_corpus_split(&corpus, 0.13, &validation, NULL), 0);
        assert_int_equal(db_utf8_check(validation.documents[0].text, validation.bytes), validation.bytes);
        assert_int_equal(db_utf8_check(corpus.documents[0].text, corpus.bytes), corpus.bytes);
        db_corpus_free(&corpus);
        db_corpus_free(&validation);
    }
}

static void whole_documents_move_when_they_fit(void **state)
{
    (void)state;
    db_corpus corpus = {0}, validation = {0};
    for (int i = 0; i < 20; i++)
        add_repeated(&corpus, "story", "abcdefghi\n", 10);
    assert_int_equal(db_corpus_split(&corpus, 0.1, &validation, NULL), 0);
    assert_int_equal(corpus.count, 18);
    assert_int_equal(validation.count, 2);
    assert_int_equal(corpus.bytes, 1800);
    assert_int_equal(validation.bytes, 200);
    db_corpus_free(&corpus);
    db_corpus_free(&validation);
}

/* The last document is ten times too big and the others are behind it: cut, not moved. */
static void a_straddling_document_is_cut(void **state)
{
    (void)state;
    db_corpus corpus = {0}, validation = {0};
    add_repeated(&corpus, "small", "abcdefghi\n", 100);
    add_repeated(&corpus, "big", "jklmnopqr\n", 900);
    add_repeated(&corpus, "tiny", "stuvwxyz.\n", 1);
    assert_int_equal(db_corpus_split(&corpus, 0.1, &validation, NULL), 0);
    assert_int_equal(corpus.count, 2);
    assert_int_equal(validation.count, 2);
    assert_string_equal(validation.documents[0].name, "big (tail)");
    assert_string_equal(validation.documents[1].name, "tiny");
    assert_int_equal(corpus.bytes + validation.bytes, 10010);
    assert_in_range(validation.bytes, 990, 1300);
    db_corpus_free(&corpus);
    db_corpus_free(&validation);
}

static void impossible_splits_are_refused(void **state)
{
    (void)state;
    static const double fractions[] = {0, -0.1, 0.51, 2, NAN};
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
        db_corpus corpus = {0}, validation = {0};
        db_error error = {0};
        add_repeated(&corpus, "x", "words and words\n", 10);
        assert_int_equal(db_corpus_split(&corpus, fractions[i], &validation, &error), -1);
        assert_non_null(strstr(error.message, "fraction"));
        assert_int_equal(validation.count, 0);
        db_corpus_free(&corpus);
    }
    db_corpus corpus = {0}, validation = {0};
    db_error error = {0};
    db_corpus_add_text(&corpus, "x", "a", 1);
    assert_int_equal(db_corpus_split(&corpus, 0.5, &validation, &error), -1);
    db_corpus_free(&corpus);
    assert_int_equal(db_corpus_split(&corpus, 0.5, &validation, &error), -1);
}

static void documents_are_taken_by_path_and_name(void **state)
{
    (void)state;
    db_corpus corpus = {0}, validation = {0};
    db_error error = {0};
    mkdir(in_folder("sub"), 0777);
    put("hamlet.txt", "to be", 5);
    put("macbeth.txt", "thrice\n<|endoftext|>\nthe brinded cat", 36);
    put("sub/tempest.txt", "our revels", 10);
    put("sub/tempestuous.txt", "not this one", 12);
    assert_int_equal(db_corpus_add(&corpus, folder, false, &error), 0);
    assert_int_equal(corpus.count, 5);
    assert_int_equal(db_corpus_take(&corpus, "macbeth", &validation, &error), 2);
    assert_int_equal(db_corpus_take(&corpus, "tempest.txt", &validation, &error), 1);
    assert_int_equal(db_corpus_take(&corpus, "macbeth", &validation, &error), -1);
    assert_non_null(strstr(error.message, "macbeth"));
    assert_int_equal(db_corpus_take(&corpus, in_folder("sub"), &validation, &error), 1);
    assert_string_equal(validation.documents[3].name, "sub/tempestuous.txt");
    assert_int_equal(corpus.count, 1);
    assert_int_equal(corpus.bytes, 5);
    assert_int_equal(db_corpus_take(&corpus, in_folder("sub/../hamlet.txt"), &validation, &error), 1);
    assert_int_equal(corpus.count, 0);
    db_corpus_free(&corpus);
    db_corpus_free(&validation);
}

static void the_hash_sees_names_and_texts(void **state)
{
    (void)state;
    db_corpus a = {0}, b = {0}, c = {0};
    db_corpus_add_text(&a, "x", "yz", 2);
    db_corpus_add_text(&b, "xy", "z", 1);
    db_corpus_add_text(&c, "x", "yz", 2);
    assert_true(db_corpus_hash(&a) == db_corpus_hash(&c));
    assert_true(db_corpus_hash(&a) != db_corpus_hash(&b));
    db_corpus_free(&a);
    db_corpus_free(&b);
    db_corpus_free(&c);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(line_ends_and_mark_are_normalised),
        TEST(bad_input_is_refused_with_its_reason),
        TEST(lossy_replaces_each_bad_byte),
        TEST(missing_and_unreadable_paths_are_refused),
        TEST(folders_are_read_in_order),
        TEST(separators_make_documents),
        TEST(five_megabytes_in_one_line),
        TEST(a_single_document_is_cut_at_a_paragraph),
        TEST(a_cut_never_halves_a_character),
        TEST(whole_documents_move_when_they_fit),
        TEST(a_straddling_document_is_cut),
        TEST(impossible_splits_are_refused),
        TEST(documents_are_taken_by_path_and_name),
        TEST(the_hash_sees_names_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
