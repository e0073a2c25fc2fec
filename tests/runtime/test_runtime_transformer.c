/*
 * The integer parts of a transformer against the functions they stand for, in doubles; and sessions on small images:
 * long conversations, a context of one token, an arena of exactly the bytes that are said.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "rescale.h"
#include "tables.h"
#include "tiny_image.h"
#include "transformer.h"

static double scale_of(uint32_t word)
{
    return ldexp(word & 0x7FFF, -(int)(word >> 16));
}

/* The worked example of docs/NUMERICS.md. */
static void norm_example(void **state)
{
    const int16_t x[] = {300, -400, 0, 1200};
    const int8_t wanted[16] = {72, -96, 0, 127};
    int8_t out[16];

    (void)state;
    memset(out, 55, sizeof out);
    dogberry_rmsnorm(out, x, 4, 40, 20000 | 16u << 16);
    assert_memory_equal(out, wanted, sizeof out);
}

/* Off by a rounding, and a little for a root and a quotient of 15 bits. */
static void norms_are_close(void **state)
{
    uint32_t random = 5;

    (void)state;
    for (int trial = 0; trial < 3000; trial++) {
        int16_t x[64];
        int8_t out[64];
        uint32_t width = 1 + tiny_random(&random, 60), size = 1u << tiny_random(&random, 16);
        uint32_t epsilon = 1 + tiny_random(&random, 1000);
        uint32_t word = (16384 + tiny_random(&random, 16384)) | (11 + tiny_random(&random, 10)) << 16;
        double sum = epsilon;

        for (uint32_t c = 0; c < width; c++) {
            x[c] = (int16_t)((int32_t)tiny_random(&random, 2 * size) - (int32_t)size);
            sum += (double)x[c] * x[c];
        }
        dogberry_rmsnorm(out, x, width, epsilon, word);
        for (uint32_t c = 0; c < width; c++) {
            double y = 1024 * scale_of(word) * x[c] / sqrt(sum);

            assert_true(fabs(fmin(fmax(y, -128), 127) - out[c]) < 0.51 + 1e-4 * fmin(fabs(y), 200));
        }
        for (uint32_t c = width; c % 16 != 0; c++)
            assert_int_equal(out[c], 0);
    }
}

static void sines_are_close(void **state)
{
    uint32_t random = 5;

    (void)state;
    assert_int_equal(dogberry_sine(0), 0);
    assert_int_equal(dogberry_sine(1u << 30), 16384);
    assert_int_equal(dogberry_sine(1u << 31), 0);
    assert_int_equal(dogberry_sine(3u << 30), -16384);
    for (int trial = 0; trial < 100000; trial++) {
        uint32_t phase = tiny_random(&random, 1u << 24) << 8 | tiny_random(&random, 256);

        assert_true(fabs(16384 * sin((double)phase * 2 * acos(-1.0) / 4294967296.0) - dogberry_sine(phase)) < 2.5);
    }
}

static void quotients_are_close(void **state)
{
    uint32_t random = 5;

    (void)state;
    for (int trial = 0; trial < 100000; trial++) {
        uint32_t word = (16384 + tiny_random(&random, 16384)) | (8 + tiny_random(&random, 20)) << 16;
        uint32_t divisor = 32768 + tiny_random(&random, 32768);
        int32_t exponent = (int32_t)tiny_random(&random, 16) - 8;
        uint32_t quotient = dogberry_divide_scale(word, divisor, exponent);

        assert_in_range(quotient & 0x7FFF, 16384, 32767);
        assert_true(fabs(scale_of(quotient) * divisor * ldexp(1, exponent) / scale_of(word) - 1) < 1.6 / 32768);
    }
}

/* All units are `value`: each has a term, or none where it is 0. */
static void terms_are(const dogberry_image *image, const dogberry_blocks *blocks, int8_t value)
{
    uint32_t terms = 99;
    const int32_t *end = blocks->work.scratch + dogberry_terms_end(image->embedding, image->hidden);

    assert_int_equal(dogberry_feed_forward(image, blocks, 0, &terms), DOGBERRY_OK);
    assert_int_equal(terms, value != 0 ? image->hidden : 0);
    for (uint32_t u = 0; u < terms; u++)
        assert_int_equal(end[(int32_t)(u - terms)], (int32_t)(u << 8) | value);
}

/* The worked examples of docs/NUMERICS.md: ReLU, squared ReLU, SwiGLU with a gate of 3000, SiLU with a scale of 1016.
 */
static void feed_forward_examples(void **state)
{
    static const struct {
        int32_t u;
        int8_t wanted[4];
    } rows[] = {{-2600, {0, 0, -128, -35}}, {-5, {0, 0, -1, 0}}, {1000, {4, 0, 127, 38}}, {20000, {78, 48, 127, 127}}};

    (void)state;
    for (uint32_t kind = DOGBERRY_RELU; kind <= DOGBERRY_SILU; kind++) {
        tiny_config config = tiny_transformer();
        dogberry_image image;
        size_t length;

        config.feed_forward = kind;
        uint8_t *bytes = tiny_build(&config, &length), *vector = bytes + tiny_get32(bytes + 256 + 32 * 5 + 16);

        assert_int_equal(bytes[256 + 32 * 5], 18);
        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
        for (uint32_t u = 0; u < config.hidden && kind == DOGBERRY_SILU; u++) {
            vector[2 * (dogberry_block_biases(&image) + u)] = 1016 & 255;
            vector[2 * (dogberry_block_biases(&image) + u) + 1] = 1016 >> 8;
        }
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            int32_t sums[64];
            int8_t out[32];
            dogberry_blocks blocks = {
                .work = {.kernels = &dogberry_kernels_ref, .rows = {.source = &image.source}, .scratch = sums},
                .branch = out};

            for (uint32_t u = 0; u < config.hidden; u++) {
                sums[u] = kind == DOGBERRY_SWIGLU ? 3000 : rows[i].u;
                sums[config.hidden + u] = rows[i].u;
            }
            memset(out, 55, sizeof out);
            assert_int_equal(dogberry_feed_forward(&image, &blocks, 0, NULL), DOGBERRY_OK);
            for (uint32_t u = 0; u < 32; u++)
                assert_int_equal(out[u], u < config.hidden ? rows[i].wanted[kind - 1] : 0);
            if (kind <= DOGBERRY_RELU2)
                terms_are(&image, &blocks, rows[i].wanted[kind - 1]);
        }
        free(bytes);
    }
}

/* What SwiGLU and SiLU leave has no terms. As many rows as columns, so that both ways take the same bytes. */
static void outer_by_column_needs_a_relu(void **state)
{
    (void)state;
    for (uint32_t kind = DOGBERRY_RELU; kind <= DOGBERRY_SILU; kind++) {
        tiny_config config = tiny_transformer();
        dogberry_image image;
        size_t length;

        config.embedding = config.hidden = 48;
        config.feed_forward = kind;
        uint8_t *bytes = tiny_build(&config, &length), *outer = bytes + 256 + 32 * 4;

        assert_int_equal(outer[0], 17);
        assert_int_equal(outer[3], kind <= DOGBERRY_RELU2);
        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
        outer[3] = kind <= DOGBERRY_RELU2 ? 2 : 1;
        tiny_seal(bytes);
        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
        free(bytes);
    }
}

/* ---- Sessions ---- */

typedef struct {
    uint8_t *bytes;
    dogberry_image image;
    dogberry_session *session;
    void *arena;
} talk;

static void start(talk *t, const tiny_config *config)
{
    size_t length;

    t->bytes = tiny_build(config, &length);
    assert_int_equal(dogberry_open(&t->image, t->bytes, length), DOGBERRY_OK);
    t->arena = malloc(dogberry_session_bytes(&t->image)); /* to the byte: a sanitizer sees what lies behind */
    assert_int_equal(dogberry_start(&t->session, &t->image, t->arena, dogberry_session_bytes(&t->image)), DOGBERRY_OK);
}

static void end(talk *t)
{
    free(t->arena);
    free(t->bytes);
}

/* The same tokens give the same logits again after a reset, and all kinds live through full contexts. */
static void conversations_repeat(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 32; kind++) {
        tiny_config config = tiny_transformer();

        config.feed_forward = DOGBERRY_RELU + kind % 4;
        config.key_bits = kind & 1 ? 12 : 8;
        config.context = 1 + kind % 8;
        config.kv_heads = kind & 2 ? 3 : 1;
        config.int4_roles = kind & 4 ? 0x3FFFF : 0;
        config.output = kind & 8 ? DOGBERRY_TIED : DOGBERRY_DENSE;
        config.embedding = 3 * (1 + kind % 5);
        talk t;
        int16_t logits[40];
        char piece[DOGBERRY_PIECE_MAX];

        start(&t, &config);
        for (int round = 0; round < 2; round++) {
            dogberry_reset(t.session, 3);
            for (uint32_t i = 0; i < 40; i++)
                assert_int_equal(dogberry_feed_token(t.session, (7 * i + i * i) % t.image.vocab), DOGBERRY_OK);
            if (round == 1)
                assert_memory_equal(logits, dogberry_logits(t.session), 2 * t.image.vocab);
            memcpy(logits, dogberry_logits(t.session), 2 * t.image.vocab);
        }
        for (int i = 0; i < 50; i++)
            assert_true(dogberry_next(t.session, piece, sizeof piece, NULL) >= 0);
        end(&t);
    }
}

/* Behind a slide only what is kept counts: two conversations that differ in what was dropped go on alike, as far as
 * the layers above the first have not seen it. With one layer they are the same to the bit. */
static void what_is_dropped_is_forgotten(void **state)
{
    tiny_config config = tiny_transformer();

    (void)state;
    config.layers = 1;
    config.seed = 8; /* a head that does not look at one token alone */
    talk a, b;

    start(&a, &config);
    start(&b, &config);
    for (uint32_t i = 0; i < 10; i++) {
        (void)dogberry_feed_token(a.session, i < 3 ? 15 + i : 4 + i);
        (void)dogberry_feed_token(b.session, i < 3 ? 19 - i : 4 + i);
        if (i == 2)
            assert_memory_not_equal(dogberry_logits(a.session), dogberry_logits(b.session), 2 * a.image.vocab);
    }
    assert_memory_equal(dogberry_logits(a.session), dogberry_logits(b.session), 2 * a.image.vocab);
    end(&a);
    end(&b);
}

static void arenas_of_one_byte_less_are_refused(void **state)
{
    tiny_config config = tiny_transformer();
    talk t;

    (void)state;
    start(&t, &config);
    size_t bytes = dogberry_session_bytes(&t.image);

    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(dogberry_start(&t.session, &t.image, t.arena, i), DOGBERRY_ERR_ARENA);
    end(&t);
}

/* Heads that do not divide, contexts and words out of range, entries out of their order. */
static void impossible_images_are_refused(void **state)
{
    static const struct {
        uint32_t at, value;
    } changes[] = {{244, 4},
                   {244, 0},
                   {244, 1 | 2u << 16},
                   {244, 3 | 2u << 16},
                   {248, 2u << 16 | 8u << 24},
                   {248, 6 | 8u << 24},
                   {248, 6 | 5u << 16 | 8u << 24},
                   {248, 6 | 1u << 16 | 9u << 24},
                   {252, 0},
                   {18, 17 | 8u << 8}};
    tiny_config config = tiny_transformer();
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);
    dogberry_image image;

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint32_t kept = tiny_get32(bytes + changes[i].at);

        tiny_put32(bytes + changes[i].at, changes[i].value);
        tiny_seal(bytes);
        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
        tiny_put32(bytes + changes[i].at, kept);
    }
    for (uint32_t b = 0; b < 32; b++) { /* the first two entries of layer 0 change places */
        uint8_t kept = bytes[256 + 32 + b];

        bytes[256 + 32 + b] = bytes[256 + 64 + b];
        bytes[256 + 64 + b] = kept;
    }
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_ERR_IMAGE);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(norm_example),
                                       cmocka_unit_test(norms_are_close),
                                       cmocka_unit_test(sines_are_close),
                                       cmocka_unit_test(quotients_are_close),
                                       cmocka_unit_test(feed_forward_examples),
                                       cmocka_unit_test(outer_by_column_needs_a_relu),
                                       cmocka_unit_test(conversations_repeat),
                                       cmocka_unit_test(what_is_dropped_is_forgotten),
                                       cmocka_unit_test(arenas_of_one_byte_less_are_refused),
                                       cmocka_unit_test(impossible_images_are_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
