/*
 * The vectorized functions against the C library's, and softmax against plain doubles.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "base/random.h"
#include "nn/softmax.h"
#include "nn/vector.h"

static void exp_is_close(void **state)
{
    (void)state;
    for (double x = -87; x < 88; x += 0.00137) {
        const double expected = exp((double)(float)x), got = (double)db_exp((float)x);
        if (!(fabs(got - expected) <= 2.5e-7 * expected)) {
            fail_msg("exp(%g) is %g, not %g", x, got, expected);
        }
    }
    assert_true(db_exp(-1e30f) < 1e-37f);
    assert_true(isfinite(db_exp(1e30f)));
    assert_true(isnan(db_exp(NAN)));
}

static void exp2_is_close(void **state)
{
    (void)state;
    for (double x = -126; x < 127; x += 0.00237) {
        const double expected = exp2((double)(float)x), got = (double)db_exp2((float)x);
        if (!(fabs(got - expected) <= 2.5e-7 * expected)) {
            fail_msg("exp2(%g) is %g, not %g", x, got, expected);
        }
    }
    assert_true(db_exp2(-1e30f) < 1e-37f && db_exp2(-INFINITY) < 1e-37f);
    assert_true(isnan(db_exp2(NAN)));
}

static void log2_is_close(void **state)
{
    (void)state;
    for (double x = 1e-37; x < 1e38; x *= 1.00137) {
        const double expected = log2((double)(float)x), got = (double)db_log2((float)x);
        if (!(fabs(got - expected) <= 1.5e-7 + 6e-8 * fabs(expected))) {
            fail_msg("log2(%g) is %g, not %g", x, got, expected);
        }
    }
    assert_true(db_log2(1) == 0);
    assert_false(isfinite(db_log2(INFINITY)) || isfinite(db_log2(NAN)));
}

static void squashing_is_close(void **state)
{
    (void)state;
    for (double x = -30; x < 30; x += 0.00137) {
        const double in = (double)(float)x;
        assert_true(fabs((double)db_tanh((float)x) - tanh(in)) < 3e-7);
        assert_true(fabs((double)db_sigmoid((float)x) - 1 / (1 + exp(-in))) < 3e-7);
    }
}

static void softmax_matches_doubles(void **state)
{
    (void)state;
    enum { COUNT = 1013, TARGET = 77 };
    float logits[COUNT];
    double sum = 0;
    db_random random;
    db_random_seed(&random, 3);
    for (size_t i = 0; i < COUNT; i++) {
        logits[i] = (float)(db_random_unit(&random) * 20 - 10);
        sum += exp((double)logits[i]);
    }
    const double expected = log(sum) - (double)logits[TARGET];
    double p[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        p[i] = exp((double)logits[i]) / sum;
    }
    assert_true(fabs(db_softmax_loss(COUNT, logits, TARGET) - expected) < 1e-5);
    assert_true(fabs(db_softmax_gradient(COUNT, logits, TARGET, 0.5f) - expected) < 1e-5);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(fabs((double)logits[i] - 0.5 * (p[i] - (i == TARGET))) < 1e-6);
    }
}

static void far_logits_stay_finite(void **state)
{
    (void)state;
    float logits[20] = {0};
    logits[3] = 5000;
    assert_true(fabs(db_softmax_loss(20, logits, 3)) < 1e-6);
    assert_true(fabs(db_softmax_loss(20, logits, 4) - 5000) < 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_close),
        cmocka_unit_test(exp2_is_close),
        cmocka_unit_test(log2_is_close),
        cmocka_unit_test(squashing_is_close),
        cmocka_unit_test(softmax_matches_doubles),
        cmocka_unit_test(far_logits_stay_finite),
    };
    return cmocka_run_group_tests_name("vector math", tests, NULL, NULL);
}
