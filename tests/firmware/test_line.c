/*
 * The console's line editor and its numbers, on the PC.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "line.h"
#include "text.h"

static char shown[65536];
static size_t shown_length;

static void show(const char *bytes, size_t length)
{
    assert_true(shown_length + length < sizeof shown);
    memcpy(shown + shown_length, bytes, length);
    shown_length += length;
    shown[shown_length] = 0;
}

static const char *shown_by(void (*put)(console_write, uint32_t), uint32_t number)
{
    shown_length = 0;
    put(show, number);
    return shown;
}

/* Types text; returns the last event. */
static enum line_event type(struct line *line, const char *text)
{
    enum line_event event = LINE_MORE;
    shown_length = 0;
    shown[0] = 0;
    for (; *text; text++)
        event = line_put(line, (uint8_t)*text, show);
    return event;
}

static void expect_line(const char *typed, const char *text, const char *screen)
{
    struct line line = {0};
    assert_int_equal(type(&line, typed), LINE_DONE);
    assert_string_equal(line.text, text);
    assert_int_equal(line.length, strlen(text));
    if (screen)
        assert_string_equal(shown, screen);
}

static void edits(void **state)
{
    (void)state;
    expect_line("who\r", "who", "who\r\n");
    expect_line("\r", "", "\r\n");
    expect_line("whp\bo\r", "who", "whp\b \bo\r\n");
    expect_line("\b\x7fw\r", "w", "w\r\n");
    expect_line("th\xC3\xB6\x7F"
                "ere\r",
                "there", "th\xC3\xB6\b \bere\r\n");
    expect_line("\xE2\x82\xAC\xF0\x9F\x98\x80\x7Fx\r", "\xE2\x82\xACx", NULL);
    expect_line("junk\x15who\n", "who", "junk\b \b\b \b\b \b\b \bwho\r\n");
    expect_line("a\tb\x01\x02\r", "a b", "a b\r\n");
    expect_line("a\x1B[Db\x1BOPc\x1B[1;5Cd\r", "abcd", "abcd\r\n");
    expect_line("a\x1Bxb\r", "axb", NULL);
}

static void line_ends(void **state)
{
    struct line line = {0};
    (void)state;
    assert_int_equal(type(&line, "a\r"), LINE_DONE);
    line_clear(&line);
    assert_int_equal(type(&line, "\n"), LINE_MORE);
    assert_int_equal(type(&line, "b\n"), LINE_DONE);
    assert_string_equal(line.text, "b");
    line_clear(&line);
    assert_int_equal(type(&line, "\n"), LINE_DONE);
    assert_int_equal(line.length, 0);
}

static void cancels(void **state)
{
    struct line line = {0};
    (void)state;
    assert_int_equal(type(&line, "half\x03"), LINE_CANCELLED);
    assert_string_equal(shown, "half^C\r\n");
}

static void refuses_long_lines(void **state)
{
    struct line line = {0};
    static char typed[10241];
    (void)state;
    memset(typed, 'x', LINE_BYTES - 1);
    assert_int_equal(type(&line, typed), LINE_MORE);
    assert_int_equal(line.length, LINE_BYTES - 1);
    assert_int_equal(line.dropped, 0);
    assert_int_equal(type(&line, "\r"), LINE_DONE);
    assert_int_equal(strlen(line.text), LINE_BYTES - 1);

    line_clear(&line);
    memset(typed, 'x', sizeof typed - 1);
    assert_int_equal(type(&line, typed), LINE_MORE);
    assert_int_equal(shown_length, LINE_BYTES - 1 + 1); /* the echo, and one bell */
    assert_int_equal(shown[LINE_BYTES - 1], '\a');
    assert_int_equal(type(&line, "\r"), LINE_TOO_LONG);
    assert_int_equal(line.length + line.dropped, sizeof typed - 1);

    /* What was dropped can be taken back, or all of it at once. */
    line_clear(&line);
    typed[LINE_BYTES] = 0;
    type(&line, typed);
    assert_int_equal(line.dropped, 1);
    assert_int_equal(type(&line, "\b\b\r"), LINE_DONE);
    assert_int_equal(line.length, LINE_BYTES - 2);
    line_clear(&line);
    type(&line, typed);
    assert_int_equal(type(&line, "\x15ok\r"), LINE_DONE);
    assert_string_equal(line.text, "ok");
}

static void writes_numbers(void **state)
{
    (void)state;
    assert_string_equal(shown_by(text_put_number, 0), "0");
    assert_string_equal(shown_by(text_put_number, 4294967295u), "4294967295");
    assert_string_equal(shown_by(text_put_tenths, 63), "6.3");
    assert_string_equal(shown_by(text_put_tenths, 5), "0.5");
    assert_string_equal(shown_by(text_put_thousandths, 800), "0.8");
    assert_string_equal(shown_by(text_put_thousandths, 10000), "10");
    assert_string_equal(shown_by(text_put_thousandths, 1050), "1.05");
    assert_string_equal(shown_by(text_put_thousandths, 1), "0.001");
    assert_string_equal(shown_by(text_put_hex, 0x01A2B3C4), "01a2b3c4");
    shown_length = 0;
    text_put(show, "a\nb\n\n");
    assert_string_equal(shown, "a\r\nb\r\n\r\n");
}

static void expect_number(const char *text, unsigned decimals, uint32_t expected)
{
    uint32_t value = ~expected;
    assert_true(text_number(text, decimals, &value));
    assert_int_equal(value, expected);
}

static void reads_numbers(void **state)
{
    static const char *const wrong[] = {"",   " ", ".", "1.", "-1", "1x", "1 2", "4294967296", "99999999999999999999",
                                        "0.8"};
    uint32_t value = 77;
    (void)state;
    expect_number("0", 0, 0);
    expect_number("  42 ", 0, 42);
    expect_number("4294967295", 0, 4294967295u);
    expect_number("0.8", 3, 800);
    expect_number(".8", 3, 800);
    expect_number("10", 3, 10000);
    expect_number("1.", 3, 1000);
    expect_number("1.025", 3, 1025);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(text_number(wrong[i], 0, &value));
    assert_false(text_number("0.1234", 3, &value));
    assert_false(text_number("1.2.3", 3, &value));
    assert_false(text_number("4294968", 3, &value));
    assert_int_equal(value, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits),          cmocka_unit_test(line_ends),
        cmocka_unit_test(cancels),        cmocka_unit_test(refuses_long_lines),
        cmocka_unit_test(writes_numbers), cmocka_unit_test(reads_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
