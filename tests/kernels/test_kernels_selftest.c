/*
 * dogberry_kernels_checked(): right sets pass with one digest, broken ones fail, and C takes their place.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dogberry.h"
#include "kernels.h"
#include "pie_set.h"

#define DIGEST "fafcee79"

static char said[200];

static void say(void *context, const char *text, size_t bytes)
{
    assert_ptr_equal(context, said);
    assert_in_range(strlen(said) + bytes, 1, sizeof said - 1);
    strncat(said, text, bytes);
}

static const dogberry_kernels *check(const dogberry_kernels *kernels)
{
    said[0] = '\0';
    return dogberry_kernels_checked(kernels, say, said);
}

static void right_sets_pass(void **state)
{
    (void)state;
    assert_ptr_equal(check(&dogberry_kernels_ref), &dogberry_kernels_ref);
    assert_string_equal(said, "kernels ref: pass " DIGEST "\n");
    assert_ptr_equal(check(&dogberry_kernels_xtensa_s3), &dogberry_kernels_xtensa_s3);
    assert_string_equal(said, "kernels xtensa-s3: pass " DIGEST "\n");
    assert_ptr_equal(check(dogberry_kernels_best()), dogberry_kernels_best());
    assert_non_null(strstr(said, ": pass " DIGEST "\n"));
}

/* One bit of the last output, and only for the lowest weights. */
static void wrong_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    dogberry_kernels_ref.matvec_i8(out, weights, stride, rows, x);
    if (weights[0] == -128 && weights[1] == -128 && x[0] == -128 && x[1] == -128)
        out[rows - 1] ^= 1;
}

static void wrong_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                     uint32_t blocks, const int8_t *x)
{
    dogberry_kernels_ref.matvec_i4(out, weights, group_scales, columns, blocks, x);
    if (columns > DOGBERRY_I4_GROUP)
        out[0]++;
}

/* Right, but one output too many. */
static void long_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    dogberry_kernels_ref.matvec_i8(out, weights, stride, rows, x);
    if (rows == 5)
        out[rows] = 0;
}

static void broken_sets_fail(void **state)
{
    const dogberry_kernels *ref = &dogberry_kernels_ref;
    const dogberry_kernels broken_i8 = {"i8", wrong_i8, ref->matvec_i4, ref->rescale, ref->take, NULL, NULL};
    const dogberry_kernels broken_i4 = {"i4", ref->matvec_i8, wrong_i4, ref->rescale, ref->take, NULL, NULL};
    const dogberry_kernels too_long = {"long", long_i8, ref->matvec_i4, ref->rescale, ref->take, NULL, NULL};

    (void)state;
    assert_ptr_equal(check(&broken_i8), ref);
    assert_string_equal(said, "kernels i8: FAIL int8, using ref\n");
    assert_ptr_equal(check(&broken_i4), ref);
    assert_string_equal(said, "kernels i4: FAIL int4, using ref\n");
    assert_ptr_equal(check(&too_long), ref);
    assert_string_equal(said, "kernels long: FAIL int8, using ref\n");
}

static void a_long_name_is_cut(void **state)
{
    const dogberry_kernels set = {"a name that does not fit into the line",
                                  wrong_i8,
                                  dogberry_kernels_ref.matvec_i4,
                                  dogberry_kernels_ref.rescale,
                                  dogberry_kernels_ref.take,
                                  NULL,
                                  NULL};

    (void)state;
    assert_ptr_equal(check(&set), &dogberry_kernels_ref);
    assert_string_equal(said, "kernels a name that does not: FAIL int8, using ref\n");
}

static void a_set_without_int8_is_tried_with_int4(void **state)
{
    const dogberry_kernels only_i4 = {
        "small", NULL, dogberry_kernels_ref.matvec_i4, dogberry_kernels_ref.rescale, dogberry_kernels_ref.take,
        NULL,    NULL};

    (void)state;
    assert_ptr_equal(check(&only_i4), &only_i4);
    assert_non_null(strstr(said, "kernels small: pass "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_sets_pass),
        cmocka_unit_test(broken_sets_fail),
        cmocka_unit_test(a_long_name_is_cut),
        cmocka_unit_test(a_set_without_int8_is_tried_with_int4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
