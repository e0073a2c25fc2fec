/*
 * Opening images: sound ones of every kind, and ones with impossible fields.
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

static void opens_every_kind(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;

    (void)state;
    for (uint32_t kind = 0; kind < 48; kind++) {
        config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
        config.output = kind & 2 ? DOGBERRY_TIED : kind & 16 ? DOGBERRY_FACTORED : DOGBERRY_DENSE;
        config.classes = config.output == DOGBERRY_FACTORED ? 2 + kind % 16 : 0;
        config.int4_roles = kind < 16 ? 0 : kind < 32 ? TINY_INT4 : kind % 16 * 37; /* none, all, some */
        config.layers = 1 + kind / 4 % 4;
        config.hidden = kind & 2 ? 20 : 33;
        config.embedding = kind & 2 ? 20 : 7;
        uint8_t *bytes = tiny_build(&config, &length);

        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
        assert_int_equal(image.layers, config.layers);
        tiny_run(&image, 20);
        free(bytes);
    }
}

static void reads_every_field(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;

    config.top_k = 7;
    config.top_p = 950;
    config.min_p = 20;
    config.repeat_penalty = 1200;
    config.repeat_window = 50;
    config.no_repeat = 3;
    uint8_t *bytes = tiny_build(&config, &length);

    (void)state;
    tiny_set_golden(bytes, "the usa", 99, 5);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    assert_ptr_equal(image.source.bytes, bytes);
    assert_int_equal(image.length, length);
    assert_int_equal(image.architecture, DOGBERRY_LSTM);
    assert_int_equal(image.vocab, config.vocab);
    assert_int_equal(image.embedding, 8);
    assert_int_equal(image.hidden, 12);
    assert_int_equal(image.parameters, 12345);
    assert_int_equal(image.logit_frac, 8);
    assert_int_equal(image.start_token, TINY_END);
    assert_int_equal(image.end_token, TINY_END);
    assert_int_equal(image.unknown_token, TINY_UNKNOWN);
    assert_string_equal(image.name, "tiny caf\xC3\xA9");
    assert_int_equal(image.layer[0].cell_frac, 11);
    assert_int_equal(image.layer[0].input.rows, 48);
    assert_int_equal(image.layer[0].input.stride, 16);
    assert_null(image.layer[0].recurrent_bias);
    assert_int_equal(image.sampling.temperature, 1000);
    assert_int_equal(image.sampling.top_k, 7);
    assert_int_equal(image.sampling.top_p, 950);
    assert_int_equal(image.sampling.min_p, 20);
    assert_int_equal(image.sampling.repeat_penalty, 1200);
    assert_int_equal(image.sampling.repeat_window, 50);
    assert_int_equal(image.sampling.no_repeat, 3);
    assert_int_equal(image.golden.seed, 99);
    assert_int_equal(image.golden.tokens, 5);
    assert_memory_equal(image.golden.prompt, "the usa", image.golden.prompt_bytes);
    assert_memory_equal(image.provenance, "{\"test\": true}", image.provenance_bytes);
    free(bytes);
}

static void refuses_arguments(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);

    (void)state;
    assert_int_equal(dogberry_open(NULL, bytes, length), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_open(&image, NULL, length), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_open(&image, bytes + 8, length - 8), DOGBERRY_ERR_ALIGNMENT);
    bytes[0] = 'X';
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_MAGIC);
    bytes[0] = 'D';
    bytes[4] = 2;
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_VERSION);
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_VERSION);
    bytes[4] = 0;
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
    free(bytes);
}

static void a_longer_region_is_fine(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length), *region = malloc(length + 64);

    (void)state;
    assert_non_null(region);
    memcpy(region, bytes, length);
    memset(region + length, 0xFF, 64);
    assert_int_equal(dogberry_open(&image, region, length + 64), DOGBERRY_OK);
    assert_int_equal(image.length, length);
    free(region);
    free(bytes);
}

static void length_is_a_multiple_of_16(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length), *longer;

    (void)state;
    for (uint32_t more = 8; more <= 16; more += 8) {
        longer = calloc(1, length + more);
        assert_non_null(longer);
        memcpy(longer, bytes, length);
        tiny_put32(longer + 8, (uint32_t)length + more);
        tiny_seal(longer);
        assert_int_equal(dogberry_open(&image, longer, length + more), more == 16 ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE);
        free(longer);
    }
    free(bytes);
}

/* Header and table fields that no reader may let through. The tensors of tiny_default() in
 * the table: embedding, input, recurrent, bias, output, output bias. */
enum { TABLE = 256, ENTRY = 32, INPUT = TABLE + ENTRY, BIAS = TABLE + 3 * ENTRY, OUTPUT = TABLE + 4 * ENTRY };
static const struct {
    size_t at;
    uint32_t value;
    int status;
} impossible[] = {
    {8, 0, DOGBERRY_ERR_IMAGE},
    {16, 0x08010003, DOGBERRY_ERR_IMAGE}, /* architecture */
    {16, 0x08010201, DOGBERRY_ERR_IMAGE}, /* class-factored, but no classes */
    {16, 0x08010301, DOGBERRY_ERR_IMAGE},
    {16, 0x08010101, DOGBERRY_ERR_IMAGE}, /* tied, but E != H */
    {16, 0x08000001, DOGBERRY_ERR_IMAGE}, /* no layers */
    {16, 0x08050001, DOGBERRY_ERR_IMAGE},
    {16, 0x08020001, DOGBERRY_ERR_IMAGE}, /* a layer without tensors */
    {16, 0x03010001, DOGBERRY_ERR_IMAGE},
    {16, 0x0D010001, DOGBERRY_ERR_IMAGE},
    {20, 15, DOGBERRY_ERR_IMAGE},
    {20, 65536, DOGBERRY_ERR_IMAGE},
    {24, 0, DOGBERRY_ERR_IMAGE},
    {24, 0x80000008, DOGBERRY_ERR_IMAGE},
    {28, 0, DOGBERRY_ERR_IMAGE},
    {32, 1, DOGBERRY_ERR_IMAGE},
    {36, TINY_END << 16 | 1000, DOGBERRY_ERR_IMAGE},
    {36, TINY_END | 1000u << 16, DOGBERRY_ERR_IMAGE},
    {36, TINY_END | TINY_THE << 16, DOGBERRY_ERR_IMAGE}, /* not the tokenizer's */
    {40, 1u << 16, DOGBERRY_ERR_IMAGE},
    {40, 0xFFFF, DOGBERRY_ERR_IMAGE},
    {44, 0, DOGBERRY_ERR_IMAGE},
    {44, 5, DOGBERRY_ERR_IMAGE},
    {44, 0xFFFFFFFF, DOGBERRY_ERR_IMAGE},
    {48, 272, DOGBERRY_ERR_IMAGE},
    {52, 0xFFFFFFF0, DOGBERRY_ERR_IMAGE},
    {52, TABLE, DOGBERRY_ERR_IMAGE},
    {56, 0xFFFFFFFF, DOGBERRY_ERR_IMAGE},
    {56, 40, DOGBERRY_ERR_IMAGE},
    {60, 8, DOGBERRY_ERR_IMAGE},
    {64, 0x10000000, DOGBERRY_ERR_IMAGE},
    {64, 15, DOGBERRY_ERR_IMAGE}, /* a NUL */
    {72, 10001, DOGBERRY_ERR_IMAGE},
    {76, 129, DOGBERRY_ERR_IMAGE},
    {84, 1025, DOGBERRY_ERR_IMAGE},
    {92, 97, DOGBERRY_ERR_IMAGE},
    {224, 1001, DOGBERRY_ERR_IMAGE},
    {228, 1001, DOGBERRY_ERR_IMAGE},
    {232, 10001, DOGBERRY_ERR_IMAGE},
    {236, 129, DOGBERRY_ERR_IMAGE},
    {240, 33, DOGBERRY_ERR_IMAGE},
    {244, 1, DOGBERRY_ERR_IMAGE},
    {96, 0x00FF7974, DOGBERRY_ERR_IMAGE},
    {120, 1, DOGBERRY_ERR_IMAGE},
    {128, 'x', DOGBERRY_ERR_IMAGE},
    {248, 1, DOGBERRY_ERR_IMAGE},
    {252, 1u << 31, DOGBERRY_ERR_IMAGE},
    {TABLE, 0x00010000, DOGBERRY_ERR_IMAGE},
    {TABLE, 0x00010009, DOGBERRY_ERR_IMAGE},
    {TABLE, 0x00010101, DOGBERRY_ERR_IMAGE},
    {TABLE, 0x00020001, DOGBERRY_ERR_IMAGE}, /* int8 that says it is int4 */
    {TABLE, 0x00050001, DOGBERRY_ERR_IMAGE},
    {TABLE, 0x00060001, DOGBERRY_ERR_IMAGE},
    {TABLE, 0x00010000 | 9, DOGBERRY_ERR_IMAGE}, /* a class-factored output's */
    {TABLE, 0x00030001, DOGBERRY_ERR_IMAGE},
    {TABLE, 0x01010001, DOGBERRY_ERR_IMAGE},
    {INPUT, 0x07010002, DOGBERRY_ERR_IMAGE}, /* cell fraction */
    {INPUT, 0x0F010002, DOGBERRY_ERR_IMAGE},
    {INPUT, 0x00010003, DOGBERRY_ERR_IMAGE}, /* recurrent twice: wrong shape */
    {INPUT + 4, 47, DOGBERRY_ERR_IMAGE},
    {INPUT + 8, 16, DOGBERRY_ERR_IMAGE},
    {INPUT + 12, 32, DOGBERRY_ERR_IMAGE},
    {INPUT + 16, 0, DOGBERRY_ERR_IMAGE},
    {INPUT + 16, TABLE, DOGBERRY_ERR_IMAGE},
    {INPUT + 16, 0xFFFFFFF0, DOGBERRY_ERR_IMAGE},
    {INPUT + 20, 16, DOGBERRY_ERR_IMAGE},
    {INPUT + 24, 0, DOGBERRY_ERR_IMAGE},
    {INPUT + 24, 0xFFFFFFF0, DOGBERRY_ERR_IMAGE},
    {INPUT + 28, 1, DOGBERRY_ERR_IMAGE},
    {BIAS, 0x00030005, DOGBERRY_ERR_IMAGE}, /* a GRU's */
    {BIAS + 24, TABLE, DOGBERRY_ERR_IMAGE},
    {OUTPUT, 0x00010001, DOGBERRY_ERR_IMAGE},
};

static void impossible_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++) {
        tiny_config config = tiny_default();
        dogberry_image image;
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);

        assert_true(tiny_get32(bytes + impossible[i].at) != impossible[i].value);
        tiny_put32(bytes + impossible[i].at, impossible[i].value);
        if (impossible[i].at != 8)
            tiny_seal(bytes);
        if (dogberry_open(&image, bytes, length) != impossible[i].status)
            fail_msg("0x%x at %zu: not refused as it should be", impossible[i].value, impossible[i].at);
        free(bytes);
    }
}

/* The scale words' own rules, and data that lies on other data. */
static void impossible_tensors(void **state)
{
    static const uint32_t words[] = {0x00130000 | 16383, 0x0007FFFF & ~0x8000u, 47u << 16 | 20000, 0x00138000 | 20000,
                                     1u << 22 | 20000};
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);
    uint8_t *scale = bytes + tiny_get32(bytes + 256 + 24), *input = bytes + tiny_get32(bytes + 256 + 32 + 16);
    uint32_t kept = tiny_get32(scale);

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        tiny_put32(scale, words[i]);
        tiny_seal(bytes);
        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
    }
    tiny_put32(scale, 19u << 16); /* a row of zeros */
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    tiny_put32(scale, kept);
    input[8] = 1; /* a padding column */
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
    input[8] = 0;
    tiny_put32(bytes + 256 + 3 * 32 + 16, tiny_get32(bytes + 256 + 32 + 24)); /* bias on the input's scales */
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
    free(bytes);
}

/* Scale words that are good as far as the image goes, but end behind it. */
static void scales_behind_the_end(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length), *longer = calloc(1, length + 64), *flush;

    (void)state;
    assert_non_null(longer);
    memcpy(longer, bytes, length);
    for (uint32_t i = 0; i < 16; i++)
        tiny_put32(longer + length + 4 * i, 20u << 16 | 20000);
    tiny_put32(longer + 8, (uint32_t)length + 64);
    tiny_put32(longer + 256 + 32 + 24, (uint32_t)length);
    tiny_seal(longer);
    flush = tiny_copy(longer, length + 64);
    assert_int_equal(dogberry_open(&image, flush, length + 64), DOGBERRY_ERR_IMAGE);
    free(flush);
    free(longer);
    free(bytes);
}

/* More columns than 2^s would let a sum leave its 30 bits. */
static void too_many_columns_for_a_shift(void **state)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;

    (void)state;
    config.hidden = 257;
    uint8_t *bytes = tiny_build(&config, &length), *scale = bytes + tiny_get32(bytes + 256 + 2 * 32 + 24);

    tiny_put32(scale, 9u << 16 | 20000);
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    tiny_run(&image, 20);
    tiny_put32(scale, 8u << 16 | 20000);
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_every_kind),           cmocka_unit_test(reads_every_field),
        cmocka_unit_test(refuses_arguments),          cmocka_unit_test(a_longer_region_is_fine),
        cmocka_unit_test(length_is_a_multiple_of_16), cmocka_unit_test(impossible_fields),
        cmocka_unit_test(impossible_tensors),         cmocka_unit_test(too_many_columns_for_a_shift),
        cmocka_unit_test(scales_behind_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
