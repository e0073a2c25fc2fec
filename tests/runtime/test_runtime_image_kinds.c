/*
 * What dogberry_open() refuses in int4 tensors and in class-factored outputs, and of scales in all kinds of images.
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

/* What an int4 tensor may not hold. The input matrix of this configuration has 20 rows and 70 columns: 4 rows and 10
 * columns of padding, 2 groups. */
static void impossible_int4(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;

    (void)state;
    config.int4_roles = 1 << 2;
    config.embedding = 70;
    config.hidden = 5;
    uint8_t *bytes = tiny_build(&config, &length), *entry = bytes + 256 + 32;
    uint8_t *data = bytes + tiny_get32(entry + 16), *scales = bytes + tiny_get32(entry + 24), *groups = scales + 4 * 24;
    const struct {
        uint8_t *at;
        uint32_t value;
    } bad[] = {
        {data + 4 * 70, 0x88888889},             /* a column of padding */
        {data + 2 * 320 + 4 * 3, 0x98888888},    /* rows of padding */
        {data + 2 * 320 + 4 * 3, 0x88878888},    /* */
        {scales + 4 * 20, 1},                    /* their scale words */
        {groups + 2 * 16 + 4, 0x01000000},       /* and group scales */
        {groups + 2 * 16 + 8 + 4, 0x00000100},   /* */
        {groups, 0x01010100},                    /* a group scale of 0 */
        {groups + 16 + 8, 0x00010101},           /* */
        {scales + 4, 20000 | 7u << 16},          /* scale words as ever */
        {scales + 4, 16000 | 20u << 16},         /* */
        {scales + 4, 20000 | 47u << 16},         /* */
        {entry + 12, 80},                        /* stride */
        {entry + 20, 20 * 320},                  /* bytes */
        {entry + 24, (uint32_t)length - 96 - 32} /* scales at the end, group scales behind it */
    };

    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    assert_int_equal(image.layer[0].input.bits, 4);
    assert_int_equal(image.layer[0].input.groups, 2);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t kept = tiny_get32(bad[i].at);

        assert_true(kept != bad[i].value);
        tiny_put32(bad[i].at, bad[i].value);
        tiny_seal(bytes);
        if (dogberry_open(&image, bytes, length) != DOGBERRY_ERR_IMAGE)
            fail_msg("case %zu: not refused", i);
        tiny_put32(bad[i].at, kept);
    }
    tiny_put32(scales, 46u << 16); /* a row of zeros */
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    tiny_run(&image, 5);
    free(bytes);
}

/* Group scales 255 in each of the two groups allow 2 * 255 * 64 / 16 = 2040 products of int8: a shift of 11. */
static void int4_sums_stay_bounded(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;

    (void)state;
    config.int4_roles = 1 << 1 | 1 << 2;
    config.output = DOGBERRY_TIED;
    config.embedding = config.hidden = 128;
    uint8_t *bytes = tiny_build(&config, &length);
    static const uint32_t tensors[] = {0, 1}; /* embedding, input */

    for (int i = 0; i < 2; i++) {
        uint8_t *entry = bytes + 256 + 32 * tensors[i], *scales = bytes + tiny_get32(entry + 24);
        uint32_t rows = (tiny_get32(entry + 4) + 7) / 8 * 8, kept = tiny_get32(scales);

        scales[4 * rows] = scales[4 * rows + 8] = 255;
        for (uint32_t shift = 10; shift <= 11; shift++) {
            tiny_put32(scales, 32767 | shift << 16);
            tiny_seal(bytes);
            assert_int_equal(dogberry_open(&image, bytes, length), shift < 11 ? DOGBERRY_ERR_IMAGE : DOGBERRY_OK);
        }
        tiny_run(&image, 5);
        tiny_put32(scales, kept);
    }
    uint8_t *tied = bytes + tiny_get32(bytes + 256 + 32 * 4 + 16); /* the output's own scales of the same rows */

    assert_int_equal(bytes[256 + 32 * 4], 8);
    for (uint32_t shift = 10; shift <= 11; shift++) {
        tiny_put32(tied, 32767 | shift << 16);
        tiny_seal(bytes);
        assert_int_equal(dogberry_open(&image, bytes, length), shift < 11 ? DOGBERRY_ERR_IMAGE : DOGBERRY_OK);
    }
    tiny_run(&image, 5);
    free(bytes);
}

/* The order of a class-factored output: every token once, no empty class. */
static void impossible_orders(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;

    (void)state;
    config.output = DOGBERRY_FACTORED;
    config.classes = 5;
    uint8_t *bytes = tiny_build(&config, &length), *table = bytes + 256 + 6 * 32;
    uint8_t *tokens = bytes + tiny_get32(table + 2 * 32 + 16), *places = bytes + tiny_get32(table + 3 * 32 + 16);
    uint8_t *first = bytes + tiny_get32(table + 4 * 32 + 16);
    const struct {
        uint8_t *at;
        uint32_t value;
    } bad[] = {
        {tokens, tiny_get32(tokens) >> 16 << 16 | tiny_get32(tokens) >> 16}, /* one token twice */
        {tokens, tiny_get32(tokens) | 0xFFFF},                               /* no token */
        {tokens, tiny_get32(tokens) << 16 | tiny_get32(tokens) >> 16},       /* two exchanged */
        {places, tiny_get32(places) | 0xFFFF},                               /* no place */
        {places, tiny_get32(places) << 16 | tiny_get32(places) >> 16},       /* two exchanged */
        {first, 1 | 1 << 16},                                                /* not from 0 */
        {first, 0},                                                          /* an empty class */
        {first + 2, 25 << 16 | 1},                                           /* descending then */
        {first + 8, (tiny_get32(first + 8) & 0xFFFF) | 24 << 16},            /* not up to V */
        {bytes + 32, 0},                                                     /* classes */
        {bytes + 32, 1},                                                     /* */
        {bytes + 32, 6},                                                     /* not those of the tensors */
        {bytes + 32, config.vocab + 1},                                      /* */
        {table, 0x00030009},                                                 /* class matrix of another type */
        {table + 2 * 32, 0x0003000B},                                        /* */
        {table + 4 * 32 + 4, 5},                                             /* rows */
        {table + 4 * 32 + 24, tiny_get32(table + 4 * 32 + 16)},              /* scales of a vector */
    };

    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    assert_int_equal(table[0], 9);
    assert_int_equal(image.classes, 5);
    assert_int_equal(image.factored.largest, 6);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t kept = tiny_get32(bad[i].at);

        if (kept == bad[i].value)
            fail_msg("case %zu changes nothing", i);
        tiny_put32(bad[i].at, bad[i].value);
        tiny_seal(bytes);
        if (dogberry_open(&image, bytes, length) != DOGBERRY_ERR_IMAGE)
            fail_msg("case %zu: not refused", i);
        tiny_put32(bad[i].at, kept);
    }
    free(bytes);
}

/* Rows of more than 64 groups: group scales may not all be as large as they like. */
static void int4_scales_of_wide_rows(void **state)
{
    enum { COLUMNS = 65 * 64 };
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;

    (void)state;
    config.int4_roles = 1 << 1;
    config.embedding = COLUMNS;
    uint8_t *bytes = tiny_build(&config, &length), *scales = bytes + tiny_get32(bytes + 256 + 24);
    uint8_t *group_scales = scales + 4 * ((config.vocab + 7) / 8 * 8);

    tiny_put32(scales, 20000 | 30u << 16);
    for (int g = 0; g < 64; g++)
        group_scales[8 * g] = 255;
    for (uint8_t last = 64; last <= 65; last++) { /* 64 * 255 + 64 = 2^20 / 64 */
        group_scales[8 * 64] = last;
        tiny_seal(bytes);
        assert_int_equal(dogberry_open(&image, bytes, length), last == 64 ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE);
    }
    free(bytes);
}

/* Writes `word` over all scale words of tensor `index`. Returns whether it has any. */
static int set_scales(uint8_t *bytes, uint32_t index, uint32_t word)
{
    const uint8_t *entry = bytes + 256 + 32 * index;
    uint32_t type = entry[2], rows = tiny_get32(entry + 4);

    if (type != 1 && type != 2 && type != 4)
        return 0;
    uint8_t *scales = bytes + tiny_get32(entry + (type == 4 ? 16 : 24));

    for (uint32_t r = 0; r < rows; r++)
        tiny_put32(scales + 4 * r, word);
    tiny_seal(bytes);
    return 1;
}

/* One tensor after the other: floats (NaN, infinity, 1, 0) are no scale words; rows of zeros run, but for norms and
 * heads, by which something is divided. Then everything that may be zero is. */
static void scales_of_zero_or_no_number(const tiny_config *config)
{
    static const uint32_t floats[] = {0x7FC00000, 0xFFC00000, 0x7F800000, 0x3F800000, 0};
    const uint32_t zero = 46u << 16;
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(config, &length), *kept = tiny_copy(bytes, length);

    for (uint32_t i = 0; i < kept[44]; i++) {
        uint32_t role = kept[256 + 32 * i];

        for (size_t f = 0; f < sizeof floats / sizeof floats[0] && set_scales(bytes, i, floats[f]); f++)
            assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
        if (set_scales(bytes, i, zero)) {
            int divides = role == 19 || role == 20;

            assert_int_equal(dogberry_open(&image, bytes, length), divides ? DOGBERRY_ERR_IMAGE : DOGBERRY_OK);
            if (!divides)
                tiny_run(&image, 9);
        }
        memcpy(bytes, kept, length);
    }
    for (uint32_t i = 0; i < kept[44]; i++) {
        uint32_t role = kept[256 + 32 * i];

        if (role != 19 && role != 20)
            set_scales(bytes, i, zero);
    }
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    tiny_run(&image, 9);
    free(kept);
    free(bytes);
}

/* Norms have shifts from 11 on, heads up to 14. */
static void shifts_of_norms_and_heads(void **state)
{
    static const struct {
        uint32_t role, place, shift;
        int status;
    } words[] = {{19, 0, 11, DOGBERRY_OK}, {19, 0, 10, DOGBERRY_ERR_IMAGE}, {19, 1, 10, DOGBERRY_ERR_IMAGE},
                 {19, 2, 14, DOGBERRY_OK}, {19, 2, 15, DOGBERRY_ERR_IMAGE}, {19, 4, 15, DOGBERRY_ERR_IMAGE},
                 {20, 0, 11, DOGBERRY_OK}, {20, 0, 10, DOGBERRY_ERR_IMAGE}};
    tiny_config config = tiny_transformer();
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const uint8_t *entry = bytes + 256;

        while (entry[0] != words[i].role)
            entry += 32;
        uint8_t *word = bytes + tiny_get32(entry + 16) + 4 * words[i].place;
        uint32_t kept = tiny_get32(word);

        tiny_put32(word, 20000 | words[i].shift << 16);
        tiny_seal(bytes);
        if (dogberry_open(&image, bytes, length) != words[i].status)
            fail_msg("case %zu", i);
        tiny_put32(word, kept);
    }
    free(bytes);
}

static void impossible_scales(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 8; kind++) {
        tiny_config config = kind < 4 ? tiny_default() : tiny_transformer();

        config.int4_roles = kind & 1 ? 0x3FFFF : 0;
        config.output = kind & 2 ? DOGBERRY_TIED : DOGBERRY_DENSE;
        if (kind < 4)
            config.embedding = config.hidden;
        scales_of_zero_or_no_number(&config);
    }
    tiny_config factored = tiny_default();

    factored.output = DOGBERRY_FACTORED;
    factored.classes = 5;
    scales_of_zero_or_no_number(&factored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_int4),          cmocka_unit_test(int4_sums_stay_bounded),
        cmocka_unit_test(int4_scales_of_wide_rows), cmocka_unit_test(impossible_orders),
        cmocka_unit_test(impossible_scales),        cmocka_unit_test(shifts_of_norms_and_heads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
