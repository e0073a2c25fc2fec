/*
 * Sets of kernels: named, chosen, and the one that an image names is the one that runs.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dogberry.h"
#include "tiny_image.h"

static void sets_have_names(void **state)
{
    const dogberry_kernels *best = dogberry_kernels_best();

    (void)state;
    assert_ptr_equal(dogberry_kernels_named("ref"), &dogberry_kernels_ref);
    assert_ptr_equal(dogberry_kernels_named(best->name), best);
    assert_null(dogberry_kernels_named("re"));
    assert_null(dogberry_kernels_named("reference"));
    assert_null(dogberry_kernels_named(""));
    assert_null(dogberry_kernels_named(NULL));
}

/* Counts would need a variable; results that no other set gives do as well. */
static void ones_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    (void)weights;
    (void)stride;
    (void)x;
    for (uint32_t r = 0; r < rows; r++)
        out[r] = 1 << 20;
}

static void ones_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                    uint32_t blocks, const int8_t *x)
{
    (void)group_scales;
    ones_i8(out, (const int8_t *)weights, columns, 8 * blocks, x);
}

static uint32_t digest_of(const dogberry_image *image)
{
    size_t bytes = dogberry_session_bytes(image);
    void *arena = malloc(bytes);
    dogberry_session *session;
    char piece[DOGBERRY_PIECE_MAX];
    uint32_t digest;

    assert_int_equal(dogberry_start(&session, image, arena, bytes), DOGBERRY_OK);
    for (int i = 0; i < 20; i++)
        assert_true(dogberry_next(session, piece, sizeof piece, NULL) >= 0);
    digest = dogberry_digest(session);
    free(arena);
    return digest;
}

static void the_image_says_which(void **state)
{
    dogberry_kernels ones = dogberry_kernels_ref;

    (void)state;
    ones.matvec_i8 = ones_i8;
    ones.matvec_i4 = ones_i4;
    for (int bits = 8; bits >= 4; bits -= 4) {
        tiny_config config = tiny_default();
        dogberry_image image;

        config.int4_roles = bits == 4 ? TINY_INT4 : 0;
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);

        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
        assert_ptr_equal(image.kernels, dogberry_kernels_best());
        uint32_t best = digest_of(&image);

        image.kernels = &dogberry_kernels_ref;
        assert_int_equal(digest_of(&image), best);
        image.kernels = &ones;
        assert_int_not_equal(digest_of(&image), best);
        free(bytes);
    }
}

/* How often the kernels were called, and the shortest call but for the last of a product. */
static struct {
    uint32_t calls, rows, shortest;
} seen;

static void count_rows(uint32_t rows)
{
    seen.calls++;
    seen.rows += rows;
    if (rows < seen.shortest)
        seen.shortest = rows;
}

static void counted_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    count_rows(rows);
    dogberry_kernels_ref.matvec_i8(out, weights, stride, rows, x);
}

static void counted_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                       uint32_t blocks, const int8_t *x)
{
    count_rows(8 * blocks);
    dogberry_kernels_ref.matvec_i4(out, weights, group_scales, columns, blocks, x);
}

/* A model of the size of a preset has room among its logits for whole gate matrices; the output layer's runs halve.
 * A session is no larger for it. */
static void products_are_long(void **state)
{
    dogberry_kernels counted = dogberry_kernels_ref;
    tiny_config config = tiny_default();
    dogberry_session *session;
    dogberry_image image;
    size_t length;

    (void)state;
    counted.matvec_i8 = counted_i8;
    counted.matvec_i4 = counted_i4;
    config.vocab = 4000;
    config.embedding = 64;
    config.hidden = 256;
    for (int kind = 0; kind < 4; kind++) {
        config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
        config.int4_roles = kind & 2 ? TINY_INT4 : 0;
        uint8_t *bytes = tiny_build(&config, &length);

        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
        image.kernels = &counted;
        size_t arena_bytes = dogberry_session_bytes(&image);
        void *arena = malloc(arena_bytes);

        assert_int_equal(arena_bytes, 9760);
        assert_int_equal(dogberry_start(&session, &image, arena, arena_bytes), DOGBERRY_OK);
        memset(&seen, 0, sizeof seen);
        seen.shortest = UINT32_MAX;
        assert_int_equal(dogberry_feed_token(session, TINY_THE), DOGBERRY_OK);
        assert_int_equal(seen.calls, kind & 1 ? 3 : 2);
        assert_int_equal(seen.rows, kind & 1 ? 6 * 256 : 8 * 256);
        memset(&seen, 0, sizeof seen);
        seen.shortest = UINT32_MAX;
        dogberry_logits(session);
        assert_int_equal(seen.rows, 4000);
        assert_true(seen.calls <= 6 && seen.shortest >= 32);
        free(arena);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_have_names),
        cmocka_unit_test(the_image_says_which),
        cmocka_unit_test(products_are_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
