/* UTF-8 against the tables of the Unicode standard.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "text/utf8.h"

static void every_code_point_round_trips(void **state)
{
    (void)state;
    size_t valid = 0;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        uint32_t back = 0;
        size_t length = db_utf8_encode(code, bytes);
        if (code >= 0xD800 && code < 0xE000) {
            assert_int_equal(db_utf8_decode(bytes, length, &back), 0);
            continue;
        }
        assert_int_equal(db_utf8_decode(bytes, length, &back), length);
        assert_int_equal(back, code);
        assert_int_equal(db_utf8_decode(bytes, length - 1, &back), 0);
        valid++;
    }
    assert_int_equal(valid, DB_UTF8_SCALARS);
}

static void known_encodings(void **state)
{
    (void)state;
    char bytes[4];
    assert_int_equal(db_utf8_encode(0x20AC, bytes), 3);
    assert_memory_equal(bytes, "\xE2\x82\xAC", 3);
    assert_int_equal(db_utf8_encode(0x1F600, bytes), 4);
    assert_memory_equal(bytes, "\xF0\x9F\x98\x80", 4);
    assert_int_equal(db_utf8_encode(0xE9, bytes), 2);
    assert_memory_equal(bytes, "\xC3\xA9", 2);
}

static void bad_bytes_are_found_at_their_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length, bad;
    } cases[] = {
        {"plain", 5, 5},
        {"", 0, 0},
        {"ab\x80", 3, 2},
        {"\xC0\xAF", 2, 0}, /* overlong */
        {"\xE0\x9F\xBF", 3, 0},
        {"\xF0\x8F\xBF\xBF", 4, 0}, /* overlong */
        {"x\xED\xA0\x80", 4, 1},    /* surrogate */
        {"\xF4\x90\x80\x80", 4, 0}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 0},
        {"\xFF", 1, 0},
        {"caf\xE9 au lait", 12, 3}, /* Latin-1 */
        {"\xE2\x82", 2, 0},
        {"a\xF0\x9F\x98", 4, 1}, /* cut short */
        {"\xE4\xB8\xAD\xE6\x96\x87!", 7, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(db_utf8_check(cases[i].text, cases[i].length), cases[i].bad);
}

static void code_points_are_counted(void **state)
{
    (void)state;
    const char *text = "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80";
    assert_int_equal(db_utf8_count(text, strlen(text)), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_round_trips),
        cmocka_unit_test(known_encodings),
        cmocka_unit_test(bad_bytes_are_found_at_their_offset),
        cmocka_unit_test(code_points_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
