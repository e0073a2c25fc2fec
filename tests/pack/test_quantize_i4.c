/* 4-bit rows: layout, errors of both rules, agreement of training's rounding with the packer's, bounds.
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

#include "base/memory.h"
#include "base/random.h"
#include "dogberry.h"
#include "pack/quantize.h"
#include "pack/quantize_i4.h"

enum { ROWS = 21, COLS = 150, GROUPS = 3 };

/* About normal, rows and groups of different sizes. */
static void fill(float *values, uint32_t rows, uint32_t cols)
{
    db_random random;
    db_random_seed(&random, 5);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t c = 0; c < cols; c++) {
            double sum = 0;
            for (int i = 0; i < 12; i++)
                sum += db_random_unit(&random) - 0.5;
            values[(size_t)r * cols + c] = (float)(sum * exp2(-(double)(r % 5) - (double)(c / 64 % 3)));
        }
}

static double squared_error(const db_quantized_i4 *matrix, const float *values, const double *importance)
{
    double sum = 0;
    for (uint32_t r = 0; r < matrix->rows; r++)
        for (uint32_t c = 0; c < matrix->cols; c++)
            sum += pow((double)values[r * matrix->cols + c] - db_quantized_i4_value(matrix, r, c), 2) *
                   (importance ? importance[c] : 1);
    return sum;
}

static double size_of(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sum;
}

/* The error of 4 bits on normal values in groups is about 1 % of their own square, at any size of row and group. */
static void errors_are_those_of_four_bits(void **state)
{
    (void)state;
    float values[ROWS * COLS];
    db_quantized_i4 searched, fixed;
    fill(values, ROWS, COLS);
    db_quantize_i4_search(&searched, values, ROWS, COLS, NULL);
    db_quantize_i4_fixed(&fixed, values, ROWS, COLS);
    double size = size_of(values, ROWS * COLS);
    double by_search = squared_error(&searched, values, NULL) / size,
           by_rule = squared_error(&fixed, values, NULL) / size;
    print_message("search %.4f, fixed rule %.4f of the square\n", by_search, by_rule);
    assert_true(by_search < 0.0115 && by_rule < 0.0115 && by_search < by_rule);
    db_quantized_i4_free(&searched);
    db_quantized_i4_free(&fixed);
}

/* The squared error of a row of one group with the step that cuts nothing off. */
static double widest_error(const float *values, uint32_t cols)
{
    double step = 0, sum = 0;
    for (uint32_t c = 0; c < cols; c++)
        step = fmax(step, fmax((double)values[c] / 7.5, (double)values[c] / -8.5));
    for (uint32_t c = 0; c < cols; c++)
        sum += pow((double)values[c] - step * fmin(floor((double)values[c] / step + 0.5), 7), 2);
    return sum;
}

/* The fixed rule cuts off what is worth cutting off, and is never worse than cutting off nothing. What already is what
 * the rule makes of it stays. */
static void fixed_rule_fits_steps(void **state)
{
    (void)state;
    enum { SHORT = 40 };
    float values[ROWS * SHORT], rounded[ROWS * SHORT], again[ROWS * SHORT];
    double all = 0, all_widest = 0;
    fill(values, ROWS, SHORT);
    db_round_i4_fixed(rounded, values, ROWS, SHORT);
    db_round_i4_fixed(again, rounded, ROWS, SHORT);
    for (uint32_t r = 0; r < ROWS; r++) {
        const float *row = values + (size_t)r * SHORT;
        double error = 0, widest = widest_error(row, SHORT);
        for (uint32_t c = 0; c < SHORT; c++) {
            error += pow((double)row[c] - (double)rounded[r * SHORT + c], 2);
            assert_true(fabs((double)again[r * SHORT + c] - (double)rounded[r * SHORT + c]) < 1e-6);
        }
        assert_true(error < 1.001 * widest);
        all += error;
        all_widest += widest;
    }
    print_message("fixed rule %.4f, nothing cut off %.4f\n", all, all_widest);
    assert_true(all < 0.95 * all_widest);
}

/* What training rounds to is what the packer writes, for any shape. */
static void training_rounds_as_the_packer_does(void **state)
{
    static const uint32_t shapes[][2] = {{1, 1}, {8, 64}, {9, 65}, {ROWS, COLS}, {40, 16}, {3, 700}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const uint32_t rows = shapes[i][0], cols = shapes[i][1];
        float *values = db_allocate((size_t)rows * cols * sizeof *values);
        float *rounded = db_allocate((size_t)rows * cols * sizeof *rounded),
              *packed = db_allocate((size_t)rows * cols * 4);
        db_quantized_i4 matrix;
        fill(values, rows, cols);
        db_round_i4_fixed(rounded, values, rows, cols);
        db_quantize_i4_fixed(&matrix, values, rows, cols);
        db_dequantize_i4(packed, &matrix);
        for (size_t k = 0; k < (size_t)rows * cols; k++)
            assert_true(fabs((double)rounded[k] - (double)packed[k]) <= 2e-7 * fabs((double)packed[k]));
        db_round_i4_fixed(values, values, rows, cols);
        assert_memory_equal(values, rounded, (size_t)rows * cols * sizeof *values);
        db_quantized_i4_free(&matrix);
        free(values);
        free(rounded);
        free(packed);
    }
}

/* Weights settle by their own steps: half a step off by all of `most`, others by less, however large the row is; `most`
 * of half a step takes all to where they are rounded to. What is cut off stays. */
static void weights_settle_by_their_own_steps(void **state)
{
    (void)state;
    enum { SHORT = 64 };
    int cut_off = 0;
    for (float size = 0.01f; size < 200; size *= 16) {
        float values[SHORT], rounded[SHORT], settled[SHORT];
        db_quantized_i4 matrix;
        fill(values, 1, SHORT);
        for (int c = 0; c < SHORT; c++)
            values[c] *= size;
        db_round_i4_fixed(rounded, values, 1, SHORT);
        db_quantize_i4_fixed(&matrix, values, 1, SHORT);
        const float step = (float)matrix.steps[0] * matrix.group_scales[0];
        db_quantized_i4_free(&matrix);
        for (int share = 2; share <= 10; share += 8) {
            memcpy(settled, values, sizeof values);
            db_settle_i4_fixed(settled, 1, SHORT, step / (float)share);
            for (int c = 0; c < SHORT; c++) {
                const bool stays = values[c] >= DB_I4_MOST * step || values[c] <= DB_I4_LEAST * step;
                const float way = stays ? 0 : 2 * (rounded[c] - values[c]) / (float)share;
                assert_true(fabsf(settled[c] - values[c] - way) < 1e-4f * step);
                cut_off += stays;
            }
        }
    }
    assert_true(cut_off > 0);
}

static void layout_is_the_images(void **state)
{
    (void)state;
    float values[9 * 70] = {0};
    values[0] = 7;           /* row 0, group 0 */
    values[1] = -8;          /* row 0 */
    values[8 * 70 + 69] = 1; /* row 8, group 1 */
    db_quantized_i4 matrix;
    db_quantize_i4_fixed(&matrix, values, 9, 70);
    assert_int_equal(matrix.blocks, 2);
    assert_int_equal(matrix.columns, 80);
    assert_int_equal(matrix.groups, 2);
    assert_int_equal(matrix.words[0], 0x8888888F);
    assert_int_equal(matrix.words[1], 0x88888880);
    assert_int_equal(matrix.words[2], 0x88888888);
    assert_int_equal(matrix.words[80 + 69], 0x8888888F);
    for (uint32_t c = 70; c < 80; c++)
        assert_int_equal(matrix.words[80 + c], 0x88888888);
    assert_int_equal(matrix.group_scales[0], 255);        /* row 0, group 0 */
    assert_int_equal(matrix.group_scales[8], 1);          /* row 0, group 1: zeros */
    assert_int_equal(matrix.group_scales[16 + 8], 255);   /* row 8, group 1 */
    assert_int_equal(matrix.group_scales[16 + 8 + 1], 0); /* row 9 does not exist */
    assert_true(matrix.steps[1] == 0 && matrix.steps[0] > 0);
    db_quantized_i4_free(&matrix);
}

static void importance_moves_the_step(void **state)
{
    (void)state;
    float values[ROWS * COLS];
    double importance[COLS];
    db_quantized_i4 told, untold;
    fill(values, ROWS, COLS);
    for (uint32_t c = 0; c < COLS; c++)
        importance[c] = c == 70 ? 1000 : 1;
    db_quantize_i4_search(&told, values, ROWS, COLS, importance);
    db_quantize_i4_search(&untold, values, ROWS, COLS, NULL);
    assert_true(squared_error(&told, values, importance) < 0.5 * squared_error(&untold, values, importance));
    db_quantized_i4_free(&told);
    db_quantized_i4_free(&untold);
}

/* Zeros, numbers near the limits of floats, rows as wide as can be: finite steps, and sums that an image allows. */
static void extremes_are_sound(void **state)
{
    static const float extremes[] = {0, 1e-45f, 1e-38f, 1e-30f, 1, 1e30f, 1e38f};
    (void)state;
    for (size_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
        float values[2 * 66], rounded[2 * 66];
        db_quantized_i4 matrix;
        for (int k = 0; k < 2 * 66; k++)
            values[k] = k % 3 ? extremes[i] : -extremes[i];
        for (int rule = 0; rule < 2; rule++) {
            if (rule)
                db_quantize_i4_search(&matrix, values, 2, 66, NULL);
            else
                db_quantize_i4_fixed(&matrix, values, 2, 66);
            for (uint32_t r = 0; r < 2; r++)
                if (!isfinite(matrix.steps[r]) || matrix.steps[r] < 0)
                    fail_msg("%g, rule %d: %g", (double)extremes[i], rule, matrix.steps[r]);
            db_quantized_i4_free(&matrix);
        }
        db_round_i4_fixed(rounded, values, 2, 66);
        for (int k = 0; k < 2 * 66; k++)
            if (!isfinite(rounded[k]))
                fail_msg("%g at %d: %g", (double)extremes[i], k, (double)rounded[k]);
    }
}

static void sums_stay_in_their_bounds(void **state)
{
    enum { WIDE = 65535 };
    (void)state;
    float *values = db_allocate(WIDE * sizeof *values);
    db_quantized_i4 matrix;
    uint32_t sum = 0, word;
    for (uint32_t c = 0; c < WIDE; c++)
        values[c] = 0.01f;
    db_quantize_i4_search(&matrix, values, 1, WIDE, NULL);
    for (uint32_t g = 0; g < matrix.groups; g++)
        sum += matrix.group_scales[8 * g];
    assert_true(sum * 64 <= 1 << 20);
    assert_int_equal(db_scale_words_i4(&matrix, 32, &word, "wide", NULL), 0);
    assert_true(sum * 64 / 16 <= UINT64_C(1) << (word >> 16));
    db_error error = {""};
    assert_int_equal(db_scale_words_i4(&matrix, 1e5, &word, "wide", &error), -1);
    assert_non_null(strstr(error.message, "wide"));
    db_quantized_i4_free(&matrix);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_those_of_four_bits),      cmocka_unit_test(fixed_rule_fits_steps),
        cmocka_unit_test(training_rounds_as_the_packer_does), cmocka_unit_test(layout_is_the_images),
        cmocka_unit_test(importance_moves_the_step),          cmocka_unit_test(extremes_are_sound),
        cmocka_unit_test(sums_stay_in_their_bounds),          cmocka_unit_test(weights_settle_by_their_own_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
