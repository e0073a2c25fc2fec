/* Rounding with error feedback: the factor, what it gains over rounding to the nearest, and that refining only helps.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/random.h"
#include "pack/gptq.h"
#include "pack/quantize_i4.h"

enum { COLS = 40, SAMPLES = 200, FEW = 5 };

/* Inputs that go together: three hidden causes and some noise. */
static void correlated_moments(double moments[COLS * COLS])
{
    db_random random;
    double mix[3 * COLS];
    db_random_seed(&random, 11);
    memset(moments, 0, COLS * COLS * sizeof *moments);
    for (int i = 0; i < 3 * COLS; i++)
        mix[i] = db_random_unit(&random) - 0.5;
    for (int s = 0; s < SAMPLES; s++) {
        double x[COLS];
        const double a = db_random_unit(&random) - 0.5, b = db_random_unit(&random) - 0.5,
                     d = db_random_unit(&random) - 0.5;
        for (int c = 0; c < COLS; c++)
            x[c] = 4 * (a * mix[c] + b * mix[COLS + c] + d * mix[2 * COLS + c]) + db_random_unit(&random) - 0.5;
        for (int r = 0; r < COLS; r++)
            for (int c = 0; c < COLS; c++)
                moments[r * COLS + c] += x[r] * x[c] / SAMPLES;
    }
}

static void fill(float *values, double *steps, uint64_t seed)
{
    db_random random;
    db_random_seed(&random, seed);
    for (int c = 0; c < COLS; c++) {
        values[c] = (float)(db_random_unit(&random) - 0.5);
        steps[c] = c < 20 ? 0.07 : 0.09;
    }
}

static double error_of(const double *moments, uint32_t cols, const float *values, const double *steps,
                       const int8_t *weights)
{
    double sum = 0;
    for (uint32_t r = 0; r < cols; r++)
        for (uint32_t c = 0; c < cols; c++)
            sum += moments[r * cols + c] * ((double)values[r] - weights[r] * steps[r]) *
                   ((double)values[c] - weights[c] * steps[c]);
    return sum;
}

static void nearest(const float *values, const double *steps, int8_t *weights)
{
    for (int c = 0; c < COLS; c++)
        weights[c] = (int8_t)floor((double)values[c] / steps[c] + 0.5);
}

/* U^T U times H is one, where U's rows come divided by their diagonal d and U^T U = sum of row^T row / (row H row^T):
 * each undivided row u of U has u H u^T = 1. */
static void factor_is_that_of_the_inverse(void **state)
{
    static double moments[COLS * COLS], inverse[COLS * COLS];
    db_gptq gptq;
    (void)state;
    correlated_moments(moments);
    db_gptq_make(&gptq, moments, COLS);
    for (int i = 0; i < COLS; i++) {
        const double *row = gptq.factor + i * COLS;
        double size = 0;
        for (int r = 0; r < COLS; r++) {
            assert_true(r >= i || row[r] == 0);
            for (int c = 0; c < COLS; c++)
                size += row[r] * gptq.moments[r * COLS + c] * row[c];
        }
        for (int r = 0; r < COLS; r++)
            for (int c = 0; c < COLS; c++)
                inverse[r * COLS + c] += row[r] * row[c] / size;
    }
    for (int r = 0; r < COLS; r++)
        for (int c = 0; c < COLS; c++) {
            double product = 0;
            for (int k = 0; k < COLS; k++)
                product += inverse[r * COLS + k] * gptq.moments[k * COLS + c];
            assert_true(fabs(product - (r == c)) < 1e-9);
        }
    db_gptq_free(&gptq);
}

static void feedback_gains_where_inputs_go_together(void **state)
{
    static double moments[COLS * COLS];
    db_gptq gptq;
    double by_nearest = 0, fed_back = 0, refined = 0;
    (void)state;
    correlated_moments(moments);
    db_gptq_make(&gptq, moments, COLS);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        float values[COLS];
        double steps[COLS], scratch[COLS];
        int8_t weights[COLS];
        fill(values, steps, seed);
        nearest(values, steps, weights);
        by_nearest += error_of(gptq.moments, COLS, values, steps, weights);
        db_gptq_round(&gptq, values, steps, -8, 7, weights, scratch);
        const double before = error_of(gptq.moments, COLS, values, steps, weights);
        db_gptq_refine(&gptq, values, steps, -8, 7, 20, weights, scratch);
        const double after = error_of(gptq.moments, COLS, values, steps, weights);
        assert_true(after <= before * (1 + 1e-12));
        fed_back += before;
        refined += after;
        for (int c = 0; c < COLS; c++) /* no step of one weight makes it better */
            for (int step = -1; step <= 1; step += 2) {
                weights[c] = (int8_t)(weights[c] + step);
                const bool inside = weights[c] >= -8 && weights[c] <= 7;
                assert_true(!inside || error_of(gptq.moments, COLS, values, steps, weights) >= after * (1 - 1e-9));
                weights[c] = (int8_t)(weights[c] - step);
            }
    }
    print_message("error: nearest %.4f, fed back %.4f, refined %.4f\n", by_nearest, fed_back, refined);
    assert_true(fed_back < 0.75 * by_nearest && refined < fed_back);
    db_gptq_free(&gptq);
}

/* Independent inputs leave nothing to make good. */
static void without_correlation_it_is_the_nearest(void **state)
{
    static double moments[COLS * COLS];
    float values[COLS];
    double steps[COLS], scratch[COLS];
    int8_t weights[COLS], expected[COLS];
    db_gptq gptq;
    (void)state;
    for (int c = 0; c < COLS; c++)
        moments[c * COLS + c] = 1 + c;
    db_gptq_make(&gptq, moments, COLS);
    fill(values, steps, 3);
    nearest(values, steps, expected);
    db_gptq_round(&gptq, values, steps, -8, 7, weights, scratch);
    assert_memory_equal(weights, expected, COLS);
    db_gptq_refine(&gptq, values, steps, -8, 7, 9, weights, scratch);
    assert_memory_equal(weights, expected, COLS);
    steps[4] = 0; /* a row of zeros has such steps */
    db_gptq_round(&gptq, values, steps, -8, 7, weights, scratch);
    assert_int_equal(weights[4], 0);
    db_gptq_free(&gptq);
}

/* Against every choice there is, for rows of five weights. */
static void few_columns_come_near_the_best(void **state)
{
    static double moments[COLS * COLS], small[FEW * FEW];
    db_gptq gptq;
    double found = 0, best_of_all = 0;
    (void)state;
    correlated_moments(moments);
    for (int r = 0; r < FEW; r++)
        for (int c = 0; c < FEW; c++)
            small[r * FEW + c] = moments[r * COLS + c];
    db_gptq_make(&gptq, small, FEW);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        float values[COLS];
        double steps[COLS], scratch[FEW], best = INFINITY;
        int8_t weights[FEW];
        fill(values, steps, seed);
        for (int code = 0; code < 9 * 9 * 9 * 9 * 9; code++) {
            for (int c = 0, rest = code; c < FEW; c++, rest /= 9)
                weights[c] = (int8_t)(rest % 9 - 4 + (int)floor((double)values[c] / steps[c] + 0.5));
            best = fmin(best, error_of(gptq.moments, FEW, values, steps, weights));
        }
        db_gptq_round(&gptq, values, steps, -128, 127, weights, scratch);
        db_gptq_refine(&gptq, values, steps, -128, 127, 9, weights, scratch);
        found += error_of(gptq.moments, FEW, values, steps, weights);
        best_of_all += best;
    }
    print_message("error found %.5f, of the best choices %.5f\n", found, best_of_all);
    assert_true(found < 1.3 * best_of_all);
    db_gptq_free(&gptq);
}

static void fit_finds_the_least_error(void **state)
{
    static double moments[COLS * COLS];
    float values[COLS];
    double steps[COLS], moved[COLS], scratch[COLS], error;
    int8_t weights[COLS];
    db_gptq gptq;
    (void)state;
    correlated_moments(moments);
    db_gptq_make(&gptq, moments, COLS);
    fill(values, steps, 4);
    nearest(values, steps, weights);
    const double factor = db_gptq_fit(&gptq, values, steps, weights, &error, scratch);
    for (int k = -1; k <= 1; k++) {
        for (int c = 0; c < COLS; c++)
            moved[c] = steps[c] * factor * (1 + 0.01 * k);
        const double there = error_of(gptq.moments, COLS, values, moved, weights);
        assert_true(k == 0 ? fabs(there - error) < 1e-9 * error : there > error);
    }
    memset(weights, 0, sizeof weights);
    assert_true(db_gptq_fit(&gptq, values, steps, weights, &error, scratch) == 1);
    db_gptq_free(&gptq);
}

/* Whole matrices: less error than the search alone, at odd shapes and with columns that never moved. */
static void matrices_gain_too(void **state)
{
    enum { ROWS = 21 };
    static double moments[COLS * COLS];
    static float values[ROWS * COLS];
    double importance[COLS], errors[2] = {0, 0};
    db_gptq gptq;
    (void)state;
    correlated_moments(moments);
    for (int c = 0; c < COLS; c++)
        moments[7 * COLS + c] = moments[c * COLS + 7] = 0;
    db_gptq_make(&gptq, moments, COLS);
    for (uint32_t r = 0; r < ROWS; r++) {
        double steps[COLS];
        fill(values + r * COLS, steps, r + 100);
    }
    memset(values + 3 * COLS, 0, COLS * sizeof *values);
    for (int c = 0; c < COLS; c++)
        importance[c] = gptq.moments[c * COLS + c];
    for (int way = 0; way < 2; way++) {
        db_quantized_i4 matrix;
        if (way)
            db_quantize_i4_feedback(&matrix, values, ROWS, &gptq);
        else
            db_quantize_i4_search(&matrix, values, ROWS, COLS, importance);
        for (uint32_t r = 0; r < ROWS; r++)
            for (uint32_t i = 0; i < COLS; i++)
                for (uint32_t k = 0; k < COLS; k++)
                    errors[way] += gptq.moments[i * COLS + k] *
                                   ((double)values[r * COLS + i] - db_quantized_i4_value(&matrix, r, i)) *
                                   ((double)values[r * COLS + k] - db_quantized_i4_value(&matrix, r, k));
        assert_true(db_quantized_i4_value(&matrix, 3, 5) == 0);
        db_quantized_i4_free(&matrix);
    }
    print_message("error: search %.4f, with feedback %.4f\n", errors[0], errors[1]);
    assert_true(errors[1] < 0.6 * errors[0]);
    db_gptq_free(&gptq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factor_is_that_of_the_inverse),
        cmocka_unit_test(feedback_gains_where_inputs_go_together),
        cmocka_unit_test(without_correlation_it_is_the_nearest),
        cmocka_unit_test(few_columns_come_near_the_best),
        cmocka_unit_test(fit_finds_the_least_error),
        cmocka_unit_test(matrices_gain_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
