/*
 * Products at half precision against full precision, on all sorts of sizes.
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
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/linear.h"

static float *noise(db_random *random, size_t count)
{
    float *values = db_allocate(count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)(db_random_unit(random) - 0.5);
    }
    return values;
}

static float *copy(const float *values, size_t count)
{
    float *copied = db_allocate(count * sizeof *copied);
    memcpy(copied, values, count * sizeof *copied);
    return copied;
}

/* Rounding to 8 bits leaves each of `terms` products, of size up to 1/4, wrong by up to 1/256 of it; errors add up like
 * a random walk. Takes both arrays. */
static void compare(const char *what, float *half, float *full, size_t count, size_t terms)
{
    const double allowed = 6 * sqrt((double)terms) * 0.25 / 256 + 1e-6;
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)(half[i] - full[i])) < allowed)) {
            fail_msg("%s: %g instead of %g at %zu of %zu", what, (double)half[i], (double)full[i], i, count);
        }
    }
    free(half);
    free(full);
}

typedef struct {
    size_t n, rows, cols;
    const float *weight, *x, *dy, *bias, *before;
} task;

/* before: large enough for every result */
static void run_task(const task *t, bool full, float *results[4])
{
    db_linear linear, other;
    db_linear_scratch scratch = {0}; /* shared with a larger one */
    db_linear_make(&linear, t->rows, t->cols, t->n, &scratch);
    db_linear_make(&other, t->rows + 1, t->cols + 1, t->n + 1, &scratch);
    db_linear_load(&linear, t->weight, full);
    results[0] = copy(t->before, t->n * t->rows);
    results[1] = copy(t->before, t->n * t->rows);
    results[2] = copy(t->before, t->n * t->cols);
    results[3] = copy(t->before, t->rows * t->cols);
    db_linear_forward(&linear, t->n, t->x, t->bias, results[0]);
    db_linear_product(&linear, t->n, t->x, true, results[1]);
    db_linear_backward_input(&linear, t->n, t->dy, results[2]);
    db_linear_backward_weight(&linear, t->n, t->dy, t->x, results[3]);
    db_linear_free(&linear);
    db_linear_free(&other);
    db_linear_scratch_free(&scratch);
}

static void check_size(db_random *random, size_t n, size_t rows, size_t cols)
{
    const size_t largest = n * rows + n * cols + rows * cols;
    float *weight = noise(random, rows * cols), *x = noise(random, n * cols), *dy = noise(random, n * rows);
    float *bias = noise(random, rows), *before = noise(random, largest);
    const task t = {n, rows, cols, weight, x, dy, bias, before};
    float *half[4], *full[4];
    run_task(&t, false, half);
    run_task(&t, true, full);
    compare("forward", half[0], full[0], n * rows, cols);
    compare("product", half[1], full[1], n * rows, cols);
    compare("backward to the input", half[2], full[2], n * cols, rows);
    compare("backward to the weights", half[3], full[3], rows * cols, n);
    free(weight);
    free(x);
    free(dy);
    free(bias);
    free(before);
}

static void half_precision_is_close(void **state)
{
    (void)state;
    if (!db_linear_has_half()) {
        print_message("skipped: this CPU has no bfloat16\n");
        skip();
    }
    db_random random;
    db_random_seed(&random, 4);
    for (int i = 0; i < 150; i++) {
        check_size(&random, 1 + db_random_below(&random, 40), 1 + db_random_below(&random, 90),
                   1 + db_random_below(&random, 90));
    }
    check_size(&random, 64, 128, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(half_precision_is_close)};
    return cmocka_run_group_tests_name("linear", tests, NULL, NULL);
}
