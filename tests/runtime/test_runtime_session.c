/*
 * Sessions: arena, reset, feeding, drawing, digest, golden vector.
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
#include "session.h"
#include "tiny_image.h"

typedef struct {
    uint8_t *bytes;
    size_t length, arena_bytes;
    void *arena;
    dogberry_image image;
    dogberry_session *session;
} fixture;

static fixture *start(const tiny_config *config)
{
    fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->bytes = tiny_build(config, &f->length);
    assert_int_equal(dogberry_open(&f->image, f->bytes, f->length), DOGBERRY_OK);
    f->arena_bytes = dogberry_session_bytes(&f->image);
    f->arena = malloc(f->arena_bytes);
    assert_int_equal(dogberry_start(&f->session, &f->image, f->arena, f->arena_bytes), DOGBERRY_OK);
    return f;
}

static void stop(fixture *f)
{
    free(f->arena);
    free(f->bytes);
    free(f);
}

/* Draws `count` tokens. Returns the digest. */
static uint32_t draw(dogberry_session *session, int count)
{
    char piece[DOGBERRY_PIECE_MAX];

    for (int i = 0; i < count; i++)
        assert_true(dogberry_next(session, piece, sizeof piece, NULL) >= 0);
    return dogberry_digest(session);
}

static void arena_sizes(void **state)
{
    dogberry_image dogberry = {.vocab = 4000, .embedding = 64, .hidden = 256, .layers = 1};
    tiny_config config = tiny_default();
    fixture *f = start(&config);
    dogberry_session *session = NULL;

    (void)state;
    print_message("a session of 4000 x 64 -> LSTM 256: %zu bytes\n", dogberry_session_bytes(&dogberry));
    assert_int_equal(dogberry_session_bytes(&dogberry), 416 + 8000 + 256 + 64 + 256 + 256 + 512);
    for (size_t bytes = 0; bytes <= f->arena_bytes; bytes++) {
        uint8_t *arena = tiny_copy(f->bytes, bytes);
        int status = dogberry_start(&session, &f->image, arena, bytes);

        assert_int_equal(status, bytes < f->arena_bytes ? DOGBERRY_ERR_ARENA : DOGBERRY_OK);
        if (status == DOGBERRY_OK)
            draw(session, 20);
        free(arena);
    }
    assert_int_equal(dogberry_start(&session, &f->image, (char *)f->arena + 4, 1 << 20), DOGBERRY_ERR_ALIGNMENT);
    assert_int_equal(dogberry_start(NULL, &f->image, f->arena, f->arena_bytes), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_start(&session, NULL, f->arena, f->arena_bytes), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_start(&session, &f->image, NULL, f->arena_bytes), DOGBERRY_ERR_ARGUMENT);
    stop(f);
}

/* Every byte that a session uses is set by start and reset: what was in the arena does not matter. */
static void arena_contents_do_not_matter(void **state)
{
    tiny_config config = tiny_default();
    fixture *f = start(&config);
    uint32_t digest = draw(f->session, 50);

    (void)state;
    for (int fill = 0; fill < 256; fill += 85) {
        memset(f->arena, fill, f->arena_bytes);
        assert_int_equal(dogberry_start(&f->session, &f->image, f->arena, f->arena_bytes), DOGBERRY_OK);
        assert_int_equal(draw(f->session, 50), digest);
    }
    dogberry_reset(f->session, 2);
    assert_int_not_equal(draw(f->session, 50), digest);
    dogberry_reset(f->session, 1);
    assert_int_equal(dogberry_digest(f->session), 0);
    assert_int_equal(draw(f->session, 50), digest);
    stop(f);
}

static void feeding(void **state)
{
    tiny_config config = tiny_default();
    fixture *f = start(&config);
    static int16_t logits[1000];
    const char text[] = "The Claudio says: zounds";

    (void)state;
    memcpy(logits, dogberry_logits(f->session), 2 * config.vocab);
    assert_int_equal(dogberry_feed(f->session, "", 0), 0);
    assert_int_equal(dogberry_feed(f->session, NULL, 0), 0);
    assert_memory_equal(logits, dogberry_logits(f->session), 2 * config.vocab);
    assert_int_equal(dogberry_feed(f->session, NULL, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_feed(NULL, text, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_feed(f->session, text, strlen(text)), 5);
    memcpy(logits, dogberry_logits(f->session), 2 * config.vocab);

    dogberry_reset(f->session, 1);
    static const uint32_t ids[] = {TINY_THE, TINY_CLAUDIO, TINY_SAYS, TINY_UNKNOWN, TINY_UNKNOWN};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(dogberry_feed_token(f->session, ids[i]), DOGBERRY_OK);
    assert_memory_equal(logits, dogberry_logits(f->session), 2 * config.vocab);
    assert_int_equal(dogberry_feed_token(f->session, config.vocab), DOGBERRY_ERR_TOKEN);
    assert_memory_equal(logits, dogberry_logits(f->session), 2 * config.vocab);
    assert_int_equal(dogberry_digest(f->session), 0);
    stop(f);
}

static void hard_prompts(void **state)
{
    static char text[10241];
    tiny_config config = tiny_default();
    fixture *f = start(&config);
    char piece[DOGBERRY_PIECE_MAX];

    (void)state;
    memset(text, 'x', 10240);
    assert_int_equal(dogberry_feed(f->session, text, 10240), 1);
    memset(text, 0xFF, 10240);
    assert_int_equal(dogberry_feed(f->session, text, 10240), 10240);
    assert_int_equal(dogberry_feed(f->session, "zounds gadzooks forsooth", 24), 3);
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(dogberry_next(f->session, piece, sizeof piece, NULL), TINY_UNKNOWN);
    stop(f);
}

static void pieces(void **state)
{
    tiny_config config = tiny_default();
    fixture *f = start(&config);
    char piece[DOGBERRY_PIECE_MAX];
    size_t length = 99;

    (void)state;
    assert_int_equal(dogberry_next(NULL, piece, sizeof piece, &length), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_next(f->session, NULL, 64, &length), DOGBERRY_ERR_ARGUMENT);
    uint32_t expected[200], with_space = 0;
    for (int i = 0; i < 200; i++) {
        expected[i] = (uint32_t)dogberry_next(f->session, piece, sizeof piece, &length);
        assert_int_equal(strlen(piece), length);
        with_space += piece[0] == ' ';
    }
    assert_true(with_space > 0);
    /* Too little space draws nothing; the same token comes when there is enough. */
    dogberry_reset(f->session, 1);
    for (int i = 0; i < 200; i++) {
        for (size_t capacity = 0;; capacity++) {
            uint32_t digest = dogberry_digest(f->session);
            int token = dogberry_next(f->session, piece, capacity, &length);

            if (token >= 0) {
                assert_int_equal(token, expected[i]);
                assert_int_equal(capacity, length + 1);
                break;
            }
            assert_int_equal(token, DOGBERRY_ERR_SPACE);
            assert_int_equal(dogberry_digest(f->session), digest);
        }
    }
    stop(f);
}

static int is_plain_word(int token)
{
    return (token >= TINY_THE && token <= TINY_ETE) || token >= TINY_WORDS;
}

/* The first piece after a prompt joins on to it. */
static void spacing_follows_the_prompt(void **state)
{
    static const dogberry_sampling flat = {.temperature = 10000};
    tiny_config config = tiny_default();
    fixture *f = start(&config);
    char piece[DOGBERRY_PIECE_MAX];
    int first = 0, second = 0;

    (void)state;
    assert_int_equal(dogberry_set_sampling(f->session, &flat), DOGBERRY_OK);
    for (uint32_t seed = 0; seed < 100; seed++) {
        dogberry_reset(f->session, seed);
        if (is_plain_word(dogberry_next(f->session, piece, sizeof piece, NULL))) {
            assert_true(piece[0] != ' ' && !(piece[0] >= 'a' && piece[0] <= 'z'));
            first++;
        }
        dogberry_reset(f->session, seed);
        assert_int_equal(dogberry_feed(f->session, "the", 3), 1);
        if (is_plain_word(dogberry_next(f->session, piece, sizeof piece, NULL))) {
            assert_int_equal(piece[0], ' ');
            second++;
        }
    }
    assert_true(first > 10 && second > 10);
    stop(f);
}

static void sampling_settings(void **state)
{
    tiny_config config = tiny_default();
    fixture *f = start(&config);
    dogberry_sampling sampling = {.temperature = 10001};

    (void)state;
    assert_int_equal(dogberry_set_sampling(f->session, &sampling), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_sampling(f->session, NULL), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_sampling(NULL, &sampling), DOGBERRY_ERR_ARGUMENT);
    sampling = (dogberry_sampling){.temperature = 1000, .top_k = DOGBERRY_TOP_K_MAX + 1};
    assert_int_equal(dogberry_set_sampling(f->session, &sampling), DOGBERRY_ERR_ARGUMENT);
    sampling = (dogberry_sampling){0};
    assert_int_equal(dogberry_set_sampling(f->session, &sampling), DOGBERRY_OK);
    uint32_t digest = draw(f->session, 30);
    dogberry_reset(f->session, 77); /* keeps the sampling; greedy does not depend on the seed */
    assert_int_equal(draw(f->session, 30), digest);
    sampling = (dogberry_sampling){.temperature = 3000, .top_k = 1};
    assert_int_equal(dogberry_set_sampling(f->session, &sampling), DOGBERRY_OK);
    dogberry_reset(f->session, 5);
    assert_int_equal(draw(f->session, 30), digest);
    stop(f);
}

static void golden_vector(void **state)
{
    tiny_config config = tiny_default();
    fixture *f = start(&config);

    (void)state;
    assert_int_equal(dogberry_verify(&f->image, f->arena, f->arena_bytes), DOGBERRY_OK); /* none to check */
    tiny_set_golden(f->bytes, "the usa says", 4242, 40);
    assert_int_equal(dogberry_open(&f->image, f->bytes, f->length), DOGBERRY_OK);
    assert_int_equal(dogberry_verify(&f->image, f->arena, f->arena_bytes), DOGBERRY_OK);
    assert_int_equal(dogberry_verify(&f->image, f->arena, f->arena_bytes - 1), DOGBERRY_ERR_ARENA);
    f->bytes[88] ^= 1;
    tiny_seal(f->bytes);
    assert_int_equal(dogberry_open(&f->image, f->bytes, f->length), DOGBERRY_OK);
    assert_int_equal(dogberry_verify(&f->image, f->arena, f->arena_bytes), DOGBERRY_ERR_GOLDEN);
    stop(f);
}

/* Token streams that must never change: arithmetic, sampler, generator and encoder are in them. */
static void digests_are_pinned(void **state)
{
    static const struct {
        uint32_t architecture, output, layers, top_k, int4_roles, classes, digest;
    } cases[] = {
        {DOGBERRY_LSTM, DOGBERRY_DENSE, 1, 0, 0, 0, 0x1D1616A3},
        {DOGBERRY_LSTM, DOGBERRY_TIED, 3, 5, 0, 0, 0xAF8F1F74},
        {DOGBERRY_GRU, DOGBERRY_DENSE, 2, 0, 0, 0, 0x15BB17E3},
        {DOGBERRY_GRU, DOGBERRY_TIED, 1, 10, 0, 0, 0xFA1D4BAF},
        {DOGBERRY_LSTM, DOGBERRY_DENSE, 2, 0, TINY_INT4, 0, 0xA66CD51E},
        {DOGBERRY_GRU, DOGBERRY_TIED, 1, 10, TINY_INT4, 0, 0x3CDD1DDE},
        {DOGBERRY_LSTM, DOGBERRY_FACTORED, 1, 0, 0, 5, 0xB726322B},
        {DOGBERRY_GRU, DOGBERRY_FACTORED, 1, 3, TINY_INT4, 5, 0xA7D25D36},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tiny_config config = tiny_default();

        config.architecture = cases[i].architecture;
        config.output = cases[i].output;
        config.layers = cases[i].layers;
        config.top_k = cases[i].top_k;
        config.int4_roles = cases[i].int4_roles;
        config.classes = cases[i].classes;
        config.embedding = config.hidden = 40;
        config.temperature = 800;
        fixture *f = start(&config);

        dogberry_reset(f->session, 1000 + (uint32_t)i);
        dogberry_feed(f->session, "Claudio, says \"the USA\"?", 24);
        uint32_t digest = draw(f->session, 200);

        if (digest != cases[i].digest)
            fail_msg("case %zu: digest 0x%08X", i, digest);
        stop(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_sizes),
        cmocka_unit_test(arena_contents_do_not_matter),
        cmocka_unit_test(feeding),
        cmocka_unit_test(hard_prompts),
        cmocka_unit_test(pieces),
        cmocka_unit_test(spacing_follows_the_prompt),
        cmocka_unit_test(sampling_settings),
        cmocka_unit_test(golden_vector),
        cmocka_unit_test(digests_are_pinned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
