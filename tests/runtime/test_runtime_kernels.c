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
    static const dogberry_kernels ones = {"ones", ones_i8, ones_i4};

    (void)state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_have_names),
        cmocka_unit_test(the_image_says_which),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
