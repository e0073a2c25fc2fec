/*
 * The splitter's normal form, rule by rule (docs/FORMAT.md, "Word pieces").
 *
 * SPDX-License-Identifier: MIT
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>
#include <cmocka.h>

#include "dogberry.h"
#include "unicode.h"
#include "utf8.h"

#define OPEN_SINGLE "\xE2\x80\x98"
#define CLOSE_SINGLE "\xE2\x80\x99"
#define OPEN_DOUBLE "\xE2\x80\x9C"
#define CLOSE_DOUBLE "\xE2\x80\x9D"
#define REPLACEMENT "\xEF\xBF\xBD"

/* Splits a text and joins the pieces with '|'. */
static const char *split_bytes(const char *text, size_t length)
{
    static char joined[4096];
    dogberry_cursor cursor = {.text = text, .length = length};
    char piece[64];
    size_t at = 0, bytes, last = 0;

    while ((bytes = dogberry_split(&cursor, piece, sizeof piece)) > 0) {
        assert_true(cursor.start >= last && cursor.at > cursor.start && cursor.at <= length);
        last = cursor.at;
        if (at > 0)
            joined[at++] = '|';
        memcpy(joined + at, piece, bytes);
        at += bytes;
    }
    joined[at] = '\0';
    return joined;
}

static void expect(const char *text, const char *pieces)
{
    assert_string_equal(split_bytes(text, strlen(text)), pieces);
}

static void words(void **state)
{
    (void)state;
    expect("", "");
    expect(" \t\r ", "");
    expect("Who goes there", "who|goes|there");
    expect("AB12c x_y", "ab12c|x|_|y");
    expect("don't DON\xE2\x80\x99T o'er", "don't|don't|o'er");
    expect("dogs' 'n'", "dogs|" CLOSE_SINGLE "|" OPEN_SINGLE "|n|" CLOSE_SINGLE);
    expect("a''b a'-b", "a|" CLOSE_SINGLE "|" CLOSE_SINGLE "|b|a|" CLOSE_SINGLE "|-|b");
    expect("rock-'n'-roll", "rock|-|" OPEN_SINGLE "|n|" CLOSE_SINGLE "|-|roll");
    expect("well-known", "well|-|known");
}

static void marks(void **state)
{
    (void)state;
    expect("a, b. c;d", "a|,|b|.|c|;|d");
    expect("-- --- ---- -", "--|--|--|-");
    expect(". .. ... ....", ".|.|.|...|...");
    expect("a\xE2\x80\x94"
           "b",
           "a|\xE2\x80\x94|b");
    expect("\xE2\x80\xA6", "\xE2\x80\xA6");
    expect("3.14", "3|.|14");
}

static void quotes(void **state)
{
    (void)state;
    expect("\"Hi,\" he said.", OPEN_DOUBLE "|hi|,|" CLOSE_DOUBLE "|he|said|.");
    expect("'Tis", OPEN_SINGLE "|tis");
    expect("\"'Tis\"", OPEN_DOUBLE "|" OPEN_SINGLE "|tis|" CLOSE_DOUBLE);
    expect("(\"a\")", "(|" OPEN_DOUBLE "|a|" CLOSE_DOUBLE "|)");
    expect("--\"a", "--|" OPEN_DOUBLE "|a");
    expect("a\n\"b\"", "a|\n|" OPEN_DOUBLE "|b|" CLOSE_DOUBLE);
    expect("a \" b", "a|" CLOSE_DOUBLE "|b");
    expect("a \"", "a|" CLOSE_DOUBLE);
    expect("\"", CLOSE_DOUBLE);
    expect("\"\n", CLOSE_DOUBLE "|\n");
    expect("a\"b", "a|" CLOSE_DOUBLE "|b");
    expect("\"\"a", OPEN_DOUBLE "|" OPEN_DOUBLE "|a");
    expect(OPEN_DOUBLE "a" CLOSE_DOUBLE CLOSE_SINGLE "tis", OPEN_DOUBLE "|a|" CLOSE_DOUBLE "|" CLOSE_SINGLE "|tis");
    expect(OPEN_DOUBLE "'a", OPEN_DOUBLE "|" OPEN_SINGLE "|a");
}

static void breaks(void **state)
{
    (void)state;
    expect("a\nb", "a|\n|b");
    expect("a \t\r\n \tb", "a|\n|b");
    expect("a\n\nb", "a|\n\n|b");
    expect("a\r\n \r\n\r\n b", "a|\n\n|b");
    expect(" \n \n a", "a");
    expect("a\n", "a|\n");
    expect("\n\n", "");
}

static void letters(void **state)
{
    (void)state;
    expect("\xC3\x89T\xC3\x89 \xC3\x9C\xC3\x9F", "\xC3\xA9t\xC3\xA9|\xC3\xBC\xC3\x9F");      /* Latin-1 */
    expect("\xCE\x91\xCE\xA3 \xD0\x96\xD0\x81", "\xCE\xB1\xCF\x83|\xD0\xB6\xD1\x91");        /* Greek, Cyrillic */
    expect("\xC4\xB0", "i");                                                                 /* dotted capital I */
    expect("\xE4\xBD\xA0\xE5\xA5\xBD", "\xE4\xBD\xA0|\xE5\xA5\xBD");                         /* ideographs */
    expect("a\xF0\x9F\x98\x80\xF0\x9F\x98\x80", "a|\xF0\x9F\x98\x80|\xF0\x9F\x98\x80");      /* emoji */
    expect("\xC2\xAB\"x\"\xC2\xBB", "\xC2\xAB|" OPEN_DOUBLE "|x|" CLOSE_DOUBLE "|\xC2\xBB"); /* guillemets */
    expect("a\xC2\xA0"
           "b\xE3\x80\x80"
           "c\xEF\xBB\xBF",
           "a|b|c");
}

static void invalid_bytes(void **state)
{
    (void)state;
    expect("a\xFF\xC3", "a|" REPLACEMENT "|" REPLACEMENT);
    expect("\xC0\x80", REPLACEMENT "|" REPLACEMENT);                     /* overlong */
    expect("\xED\xA0\x80", REPLACEMENT "|" REPLACEMENT "|" REPLACEMENT); /* surrogate */
    expect("\xF4\x90\x80\x80", REPLACEMENT "|" REPLACEMENT "|" REPLACEMENT "|" REPLACEMENT);
    expect("\xE0\x9F\xBF", REPLACEMENT "|" REPLACEMENT "|" REPLACEMENT); /* overlong too */
    expect("\xF0\x8F\xBF\xBF", REPLACEMENT "|" REPLACEMENT "|" REPLACEMENT "|" REPLACEMENT);
    expect("\xE2\x80", REPLACEMENT "|" REPLACEMENT);
    assert_string_equal(split_bytes("a\0b", 3), "a|");
}

static void long_pieces_are_cut_but_counted(void **state)
{
    static char text[10240];
    dogberry_cursor cursor = {.text = text, .length = sizeof text};
    char piece[8] = "........";

    (void)state;
    memset(text, 'A', sizeof text);
    assert_int_equal(dogberry_split(&cursor, piece, 4), sizeof text);
    assert_memory_equal(piece, "aaaa....", 8);
    assert_int_equal(dogberry_split(&cursor, piece, 4), 0);
    memset(&cursor, 0, sizeof cursor);
    cursor.text = text;
    cursor.length = 3;
    assert_int_equal(dogberry_split(&cursor, NULL, 0), 3);
}

/* Every byte string of the C library's UTF-8 locale agrees on lower case, where it knows one. */
static void lower_case_agrees_with_the_c_library(void **state)
{
    int checked = 0;

    (void)state;
    if (!setlocale(LC_CTYPE, "C.UTF-8")) {
        print_message("skipped: no C.UTF-8 locale\n");
        return;
    }
    for (uint32_t point = 0; point < 0x20000; point++) {
        uint32_t lower = dogberry_lower(point);

        if (lower == point)
            continue;
        checked++;
        assert_int_equal(lower, towlower((wint_t)point));
        assert_int_equal(dogberry_lower(lower), lower);
    }
    assert_int_equal(checked, 26 + 1407);
}

static void utf8_round_trips(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10FFFF; point += point < 0x3000 ? 1 : 37) {
        char bytes[4];
        uint32_t used, written = dogberry_utf8_write(bytes, point);

        if (point >= 0xD800 && point <= 0xDFFF)
            continue;
        assert_int_equal(dogberry_utf8_read(bytes, written, &used), point);
        assert_int_equal(used, written);
        if (written > 1)
            assert_int_equal(dogberry_utf8_read(bytes, written - 1, &used), DOGBERRY_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(marks),
        cmocka_unit_test(quotes),
        cmocka_unit_test(breaks),
        cmocka_unit_test(letters),
        cmocka_unit_test(invalid_bytes),
        cmocka_unit_test(long_pieces_are_cut_but_counted),
        cmocka_unit_test(lower_case_agrees_with_the_c_library),
        cmocka_unit_test(utf8_round_trips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
