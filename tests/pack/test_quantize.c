/* Int8 rows, scale words and biases.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/random.h"
#include "pack/quantize.h"

enum { ROWS = 40, COLS = 37 };

static void fill(float *values, size_t count, double range)
{
    db_random random;
    db_random_seed(&random, 5);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)((2 * db_random_unit(&random) - 1) * range);
}

static double row_error(const float *row, const db_quantized *matrix, uint32_t r)
{
    double sum = 0;
    for (uint32_t c = 0; c < matrix->cols; c++) {
        double miss = (double)row[c] - matrix->steps[r] * matrix->weights[(size_t)r * matrix->stride + c];
        sum += miss * miss;
    }
    return sum;
}

/* No worse than plain rounding over the full range, whose error is at most half a step each. */
static void rows_come_back_within_bounds(void **state)
{
    (void)state;
    float values[ROWS * COLS];
    fill(values, ROWS * COLS, 0.3);
    values[5 * COLS + 3] = 4; /* a row with an outlier */
    db_quantized matrix;
    db_quantize(&matrix, values, ROWS, COLS, NULL);
    assert_int_equal(matrix.stride, 48);
    for (uint32_t r = 0; r < ROWS; r++) {
        double most = 0, plain = 0;
        for (uint32_t c = 0; c < COLS; c++)
            most = fmax(most, fabs((double)values[r * COLS + c]));
        for (uint32_t c = 0; c < COLS; c++) {
            double v = (double)values[r * COLS + c], step = most / 127;
            double miss = v - step * floor(v / step + 0.5);
            plain += miss * miss;
        }
        assert_true(row_error(values + r * COLS, &matrix, r) <= plain * (1 + 1e-9));
        for (uint32_t c = COLS; c < matrix.stride; c++)
            assert_int_equal(matrix.weights[r * matrix.stride + c], 0);
    }
    db_quantized_free(&matrix);
}

/* A column that matters a thousand times more comes back better than without being told. */
/* Among many small values one of ten times their size is better clipped a little. */
static void outliers_are_clipped(void **state)
{
    (void)state;
    static float values[10000];
    fill(values, 10000, 0.1);
    values[500] = 1;
    db_quantized matrix;
    db_quantize(&matrix, values, 1, 10000, NULL);
    assert_true(matrix.steps[0] < 0.99 / 127);
    assert_int_equal(matrix.weights[500], 127);
    db_quantized_free(&matrix);
}

static void importance_moves_the_step(void **state)
{
    (void)state;
    float values[ROWS * COLS];
    fill(values, ROWS * COLS, 1);
    double importance[COLS];
    for (uint32_t c = 0; c < COLS; c++)
        importance[c] = c == 7 ? 1000 : 1;
    db_quantized told, untold;
    db_quantize(&told, values, ROWS, COLS, importance);
    db_quantize(&untold, values, ROWS, COLS, NULL);
    double with = 0, without = 0;
    for (uint32_t r = 0; r < ROWS; r++) {
        double v = (double)values[r * COLS + 7];
        with += pow(v - told.steps[r] * told.weights[r * told.stride + 7], 2);
        without += pow(v - untold.steps[r] * untold.weights[r * untold.stride + 7], 2);
    }
    assert_true(with < 0.5 * without);
    db_quantized_free(&told);
    db_quantized_free(&untold);
}

static void zeros_and_extremes_are_sound(void **state)
{
    (void)state;
    const float values[3 * 2] = {0, 0, 1e-38f, -1e-38f, 3e38f, -3e38f};
    db_quantized matrix;
    db_quantize(&matrix, values, 3, 2, NULL);
    for (uint32_t r = 0; r < 3; r++)
        assert_true(isfinite(matrix.steps[r]) && matrix.steps[r] > 0);
    assert_int_equal(matrix.weights[0], 0);
    assert_int_equal(matrix.weights[2 * matrix.stride], 127);
    assert_int_equal(matrix.weights[2 * matrix.stride + 1], -127);
    uint32_t words[3];
    db_error error = {""};
    assert_int_equal(db_scale_words(&matrix, 1, words, "huge", &error), -1);
    assert_non_null(strstr(error.message, "huge"));
    db_quantized_free(&matrix);
}

static void scale_words_keep_fifteen_bits(void **state)
{
    (void)state;
    db_random random;
    db_random_seed(&random, 9);
    for (int i = 0; i < 10000; i++) {
        double scale = exp2(-31 + 37 * db_random_unit(&random));
        uint32_t word;
        assert_int_equal(db_scale_word(scale, 16, &word), 0);
        uint32_t m = word & 0x7FFF, s = word >> 16;
        assert_true(m >= 16384 && s >= 8 && s <= 46 && word >> 22 == 0);
        assert_true(fabs(db_scale_value(word) - scale) <= scale / 32768);
    }
}

static void scale_words_at_their_limits(void **state)
{
    (void)state;
    uint32_t word;
    assert_int_equal(db_scale_word(1, 16, &word), 0);
    assert_int_equal(word, 16384 | 14 << 16);
    assert_int_equal(db_scale_word(127.99, 256, &word), 0);
    assert_int_equal(word >> 16, 8);
    assert_int_equal(db_scale_word(127.99, 257, &word), -1); /* columns <= 2^s */
    assert_int_equal(db_scale_word(128, 1, &word), -1);
    assert_int_equal(db_scale_word(127.9999, 1, &word), -1); /* rounds up to 128 */
    assert_int_equal(db_scale_word(0, 65535, &word), 0);
    assert_int_equal(word & 0x7FFF, 0);
    assert_int_equal(db_scale_word(1e-30, 65535, &word), 0);
    assert_int_equal(word & 0x7FFF, 0);
    assert_int_equal(word >> 16, 46);
    assert_int_equal(db_scale_word(exp2(-32), 65535, &word), 0);
    assert_int_equal(word, 16384 | 46 << 16);
}

static void common_step_covers_what_matters(void **state)
{
    (void)state;
    float values[2 * 4] = {0.5f, -1, 0.25f, 0.75f, 100, 50, 25, 12};
    const double rare[2] = {1, 0}, both[2] = {1, 1};
    assert_true(db_common_step(values, 2, 4, both) > 0.5);
    assert_true(db_common_step(values, 2, 4, rare) < 0.3); /* as far down as it looks */
    const float zeros[4] = {0};
    assert_true(db_common_step(zeros, 1, 4, both) > 0);
    db_quantized matrix;
    db_quantize_with_step(&matrix, values, 2, 4, 0.5);
    const int8_t expected[] = {1, -2, 1, 2, 127, 100, 50, 24};
    assert_memory_equal(matrix.weights, expected, 4);
    assert_memory_equal(matrix.weights + matrix.stride, expected + 4, 4);
    db_quantized_free(&matrix);
}

static void biases_round_and_saturate(void **state)
{
    (void)state;
    const double values[] = {0, 1, -1, 0.00013, 7.9999, 8, -8, -9};
    const int16_t expected[] = {0, 4096, -4096, 1, 32767, 32767, -32768, -32768};
    int16_t out[8];
    db_quantize_bias(out, values, 8, 12);
    for (int i = 0; i < 8; i++)
        assert_int_equal(out[i], expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_within_bounds),    cmocka_unit_test(outliers_are_clipped),
        cmocka_unit_test(importance_moves_the_step),       cmocka_unit_test(zeros_and_extremes_are_sound),
        cmocka_unit_test(scale_words_keep_fifteen_bits),   cmocka_unit_test(scale_words_at_their_limits),
        cmocka_unit_test(common_step_covers_what_matters), cmocka_unit_test(biases_round_and_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
