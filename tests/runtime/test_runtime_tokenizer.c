/*
 * Encoder, decoder and the validation of a tokenizer section.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "tiny_image.h"

enum { VOCAB = TINY_WORDS + 4, SENTENCES = DOGBERRY_CAPITALIZE_SENTENCES, LINES = DOGBERRY_CAPITALIZE_LINES };

typedef struct {
    uint8_t *section;
    size_t length;
    dogberry_tokenizer tokenizer;
} fixture;

static fixture open_tiny(uint32_t flags)
{
    fixture f;

    f.section = tiny_tokenizer(DOGBERRY_WORD, VOCAB, flags, &f.length);
    assert_int_equal(dogberry_tokenizer_open(&f.tokenizer, f.section, f.length), DOGBERRY_OK);
    return f;
}

static size_t encode(const dogberry_tokenizer *tokenizer, const char *text, int *ids)
{
    dogberry_cursor cursor = {.text = text, .length = strlen(text)};
    size_t count = 0;
    int id;

    while ((id = dogberry_encode(tokenizer, &cursor)) >= 0)
        ids[count++] = id;
    return count;
}

static const char *decode(const dogberry_tokenizer *tokenizer, const int *ids, size_t count)
{
    static char text[4096];
    dogberry_decoder decoder = {0};
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int length = dogberry_decode(tokenizer, &decoder, (uint32_t)ids[i], text + at, DOGBERRY_PIECE_MAX);

        assert_true(length >= 0 && strlen(text + at) == (size_t)length);
        at += (size_t)length;
    }
    return text;
}

static void round_trip(uint32_t flags, const char *text, const char *printed)
{
    fixture f = open_tiny(flags);
    int ids[64];
    size_t count = encode(&f.tokenizer, text, ids);

    assert_string_equal(decode(&f.tokenizer, ids, count), printed);
    free(f.section);
}

static void encodes(void **state)
{
    fixture f = open_tiny(0);
    static const int expected[] = {TINY_THE,       TINY_CLAUDIO, TINY_DONT, TINY_COMMA, TINY_UNKNOWN,
                                   TINY_PARAGRAPH, TINY_ETE,     TINY_LINE, 23,         TINY_UNKNOWN};
    int ids[64];

    (void)state;
    assert_int_equal(encode(&f.tokenizer, "The  CLAUDIO don\xE2\x80\x99t, zounds\n \n\xC3\x89T\xC3\xA9\nw23 \xFF", ids),
                     10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ids[i], expected[i]);
    assert_int_equal(encode(&f.tokenizer, "", ids), 0);
    free(f.section);
}

static void specials_are_not_matched(void **state)
{
    fixture f = open_tiny(0);
    int ids[16];

    (void)state;
    assert_int_equal(encode(&f.tokenizer, "<end>", ids), 3); /* < end > */
    for (int i = 0; i < 3; i++)
        assert_int_equal(ids[i], TINY_UNKNOWN);
    uint8_t *entry = f.section + 16 + 8 * TINY_THE;

    entry[6] = 8;
    assert_int_equal(encode(&f.tokenizer, "the", ids), 1);
    assert_int_equal(ids[0], TINY_UNKNOWN);
    free(f.section);
}

static void without_unknown_token_words_are_left_out(void **state)
{
    fixture f = open_tiny(0);
    int ids[16];

    (void)state;
    f.section[2] = f.section[3] = 0xFF;
    assert_int_equal(dogberry_tokenizer_open(&f.tokenizer, f.section, f.length), DOGBERRY_OK);
    assert_int_equal(encode(&f.tokenizer, "zounds the gadzooks", ids), 1);
    assert_int_equal(ids[0], TINY_THE);
    free(f.section);
}

static void ten_kilobyte_word(void **state)
{
    static char text[10241];
    fixture f = open_tiny(0);
    int ids[4];

    (void)state;
    memset(text, 'x', 10240);
    assert_int_equal(encode(&f.tokenizer, text, ids), 1);
    assert_int_equal(ids[0], TINY_UNKNOWN);
    free(f.section);
}

static void spacing_and_display(void **state)
{
    (void)state;
    round_trip(0, "the claudio usa mcduff", "the Claudio USA McDuff");
    round_trip(0, "the, the. the?", "the, the. the?");
    round_trip(0, "says \"don't\" (the) 'the'", "says \"don't\" (the) 'the'");
    round_trip(0, "w23-w24 -- the...", "w23-w24 -- the...");
    round_trip(0, "the\nthe \n\n the", "the\nthe\n\nthe");
}

static void capitals(void **state)
{
    (void)state;
    round_trip(SENTENCES, "the the. the? the, the", "The the. The? The, the");
    round_trip(SENTENCES, "the\nthe\n\nthe", "The\nthe\n\nThe");
    round_trip(SENTENCES, "the... \"the\"", "The... \"The\"");
    round_trip(LINES, "the. the\nthe\n\n(the the", "The. the\nThe\n\n(The the");
    round_trip(SENTENCES | LINES, "the. the\nthe", "The. The\nThe");
    round_trip(SENTENCES, "\xC3\xA9t\xC3\xA9 the", "\xC3\xA9t\xC3\xA9 the"); /* ASCII letters only */
}

static void unknown_prints_nothing_but_counts_as_a_word(void **state)
{
    static const int ids[] = {TINY_UNKNOWN, TINY_THE, TINY_END, TINY_THE};
    fixture f = open_tiny(SENTENCES);

    (void)state;
    assert_string_equal(decode(&f.tokenizer, ids, 4), " theThe");
    free(f.section);
}

static void decode_refuses(void **state)
{
    fixture f = open_tiny(0);
    dogberry_decoder decoder = {0};
    char piece[8];

    (void)state;
    assert_int_equal(dogberry_decode(&f.tokenizer, &decoder, VOCAB, piece, sizeof piece), DOGBERRY_ERR_TOKEN);
    for (size_t capacity = 0; capacity < 4; capacity++) {
        assert_int_equal(dogberry_decode(&f.tokenizer, &decoder, TINY_THE, piece, capacity), DOGBERRY_ERR_SPACE);
        assert_int_equal(decoder.state, 0);
    }
    assert_int_equal(dogberry_decode(&f.tokenizer, &decoder, TINY_THE, piece, 4), 3);
    assert_int_equal(dogberry_decode(&f.tokenizer, &decoder, TINY_THE, piece, 4), DOGBERRY_ERR_SPACE);
    assert_int_equal(dogberry_decode(&f.tokenizer, &decoder, TINY_THE, piece, 5), 4);
    assert_string_equal(piece, " the");
    free(f.section);
}

static void open_refuses(void **state)
{
    fixture f = open_tiny(0);
    dogberry_tokenizer t;

    (void)state;
    assert_int_equal(dogberry_tokenizer_open(NULL, f.section, f.length), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_tokenizer_open(&t, NULL, f.length), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_tokenizer_open(&t, f.section + 1, f.length - 1), DOGBERRY_ERR_ALIGNMENT);
    for (size_t length = 0; length < f.length; length++) {
        uint8_t *cut = tiny_copy(f.section, length);

        assert_int_equal(dogberry_tokenizer_open(&t, cut, length), DOGBERRY_ERR_TRUNCATED);
        free(cut);
    }
    free(f.section);
}

/* One changed byte of the section at a time; each makes it impossible. */
static void open_refuses_impossible_fields(void **state)
{
    const size_t entry = 16 + 8 * TINY_MCDUFF, sorted = 16 + 8 * VOCAB;
    const struct {
        size_t at;
        uint8_t value;
        int status;
    } changes[] = {
        {0, 0, DOGBERRY_ERR_IMAGE},
        {0, 2, DOGBERRY_ERR_IMAGE},
        {0, 3, DOGBERRY_ERR_TRUNCATED},
        {1, 4, DOGBERRY_ERR_IMAGE},
        {2, TINY_THE, DOGBERRY_ERR_IMAGE}, /* not special */
        {5, 0x70, DOGBERRY_ERR_IMAGE},
        {6, 1, DOGBERRY_ERR_IMAGE},
        {10, 1, DOGBERRY_ERR_IMAGE},
        {entry + 2, 1, DOGBERRY_ERR_IMAGE},
        {entry + 3, 0, DOGBERRY_ERR_IMAGE},
        {entry + 3, 49, DOGBERRY_ERR_IMAGE},
        {entry + 4, 4, DOGBERRY_ERR_IMAGE},
        {entry + 4, 0, DOGBERRY_ERR_IMAGE},
        {entry + 5, 49, DOGBERRY_ERR_IMAGE},
        {entry + 6, 16, DOGBERRY_ERR_IMAGE},
        {entry + 7, 1, DOGBERRY_ERR_IMAGE},
        {sorted, VOCAB, DOGBERRY_ERR_IMAGE},
        {sorted + 1, 1, DOGBERRY_ERR_IMAGE},
        {sorted, TINY_THE, DOGBERRY_ERR_IMAGE},
        {16 + 10 * VOCAB, 0xC3, DOGBERRY_ERR_IMAGE}, /* invalid UTF-8 in the first key */
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        fixture f = open_tiny(0);
        dogberry_tokenizer t;

        assert_int_not_equal(f.section[changes[i].at], changes[i].value);
        f.section[changes[i].at] = changes[i].value;
        if (dogberry_tokenizer_open(&t, f.section, f.length) != changes[i].status)
            fail_msg("byte %zu = %u was not refused", changes[i].at, changes[i].value);
        free(f.section);
    }
}

static void open_refuses_equal_keys(void **state)
{
    fixture f = open_tiny(0);
    dogberry_tokenizer t;

    (void)state;
    memcpy(f.section + 16 + 8 * (VOCAB - 1), f.section + 16 + 8 * (VOCAB - 2), 4); /* neighbours in the index */
    assert_int_equal(dogberry_tokenizer_open(&t, f.section, f.length), DOGBERRY_ERR_IMAGE);
    free(f.section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes),
        cmocka_unit_test(specials_are_not_matched),
        cmocka_unit_test(without_unknown_token_words_are_left_out),
        cmocka_unit_test(ten_kilobyte_word),
        cmocka_unit_test(spacing_and_display),
        cmocka_unit_test(capitals),
        cmocka_unit_test(unknown_prints_nothing_but_counts_as_a_word),
        cmocka_unit_test(decode_refuses),
        cmocka_unit_test(open_refuses),
        cmocka_unit_test(open_refuses_impossible_fields),
        cmocka_unit_test(open_refuses_equal_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
