/*
 * Streams, windows and phases; and the learning rate's schedule.
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

#include "base/memory.h"
#include "dogberry.h"
#include "train/batches.h"
#include "train/schedule.h"
#include "train/train.h"

enum { COUNT = 1009, END = 1, START = 2, DOCUMENT = 100 };

/* Distinct ids, so that a target tells where it came from; every hundredth token ends a document. */
static db_sequence numbered(uint16_t *ids)
{
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = i % DOCUMENT == DOCUMENT - 1 ? END : (uint16_t)(i + 10);
    }
    ids[COUNT - 1] = END;
    return (db_sequence){ids, COUNT, START, END};
}

static void check_position(const db_sequence *text, const uint16_t *input, const uint16_t *target, const uint8_t *reset,
                           unsigned *seen)
{
    if (*target == END) {
        return;
    }
    const size_t at = (size_t)(*target - 10);
    seen[at]++;
    const int opens = at % DOCUMENT == 0;
    assert_int_equal(*reset, opens);
    assert_int_equal(*input, opens ? START : text->ids[at - 1]);
}

static void an_epoch_covers_the_text_once(void **state)
{
    (void)state;
    uint16_t ids[COUNT], inputs[COUNT], targets[COUNT];
    uint8_t resets[COUNT];
    unsigned seen[COUNT] = {0};
    const db_sequence text = numbered(ids);
    db_epoch_plan plan;
    db_epoch_plan_make(&plan, COUNT, 6, 16, 2);
    assert_int_equal(plan.streams, 6);
    size_t total = 0;
    for (uint32_t w = 0; w < plan.windows; w++) {
        const uint32_t length = db_epoch_window_length(&plan, w);
        assert_true(length >= 1 && length <= plan.window);
        for (uint32_t first = 0; first < 6; first += 3) {
            db_epoch_window(&plan, &text, 1000, w, first, 3, inputs, targets, resets);
            for (size_t i = 0; i < 3 * (size_t)length; i++, total++) {
                check_position(&text, &inputs[i], &targets[i], &resets[i], seen);
            }
        }
    }
    assert_int_equal(total, COUNT / 6 * 6);
    size_t missed = 0;
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(seen[i] <= 1);
        missed += seen[i] == 0 && ids[i] != END;
    }
    assert_true(missed < 6);
}

static void short_texts_get_fewer_streams(void **state)
{
    (void)state;
    db_epoch_plan plan;
    db_epoch_plan_make(&plan, 300, 64, 32, 2);
    assert_int_equal(plan.streams, 2);
    assert_int_equal(plan.length, 150);
    db_epoch_plan_make(&plan, 9, 64, 32, 2);
    assert_int_equal(plan.streams, 2);
    assert_int_equal(plan.windows, 4);
}

static void phases_differ_by_epoch_and_seed(void **state)
{
    (void)state;
    const size_t a = db_epoch_phase(1, 0, 1000000), b = db_epoch_phase(1, 1, 1000000),
                 c = db_epoch_phase(2, 0, 1000000);
    assert_true(a != b && a != c && b != c);
    assert_int_equal(a, db_epoch_phase(1, 0, 1000000));
}

static void the_rate_rises_stays_and_falls(void **state)
{
    (void)state;
    const uint64_t steps = 1000, start = db_schedule_decay_start(steps, 0.25);
    assert_int_equal(start, 750);
    assert_true(fabs(db_schedule_factor(DB_SCHEDULE_TRAPEZOID, 0, steps, 10, start) - 0.1) < 1e-12);
    assert_true(db_schedule_factor(DB_SCHEDULE_TRAPEZOID, 700, steps, 10, start) == 1);
    assert_true(fabs(db_schedule_factor(DB_SCHEDULE_TRAPEZOID, 875, steps, 10, start) - 0.5) < 1e-12);
    assert_true(fabs(db_schedule_factor(DB_SCHEDULE_TRAPEZOID, 999, steps, 10, start) - 0.004) < 1e-12);
    assert_true(db_schedule_factor(DB_SCHEDULE_TRAPEZOID, 10, 0, 10, 0) == 1);
    assert_true(fabs(db_schedule_factor(DB_SCHEDULE_COSINE, 505, steps, 10, 0) - 0.5) < 1e-12);
    assert_true(db_schedule_factor(DB_SCHEDULE_COSINE, 999, steps, 10, 0) < 1e-4);
    assert_true(db_schedule_factor(DB_SCHEDULE_COSINE, 1000, steps, 10, 0) == 0);
}

/* A divisor, 256 positions at most where there is one, and one stream at least. */
static void streams_are_taken_a_few_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(db_streams_at_once(16, 128), 2);
    assert_int_equal(db_streams_at_once(15, 80), 3);
    assert_int_equal(db_streams_at_once(7, 128), 1);
    assert_int_equal(db_streams_at_once(6, 16), 6);
    assert_int_equal(db_streams_at_once(4, 1000), 1);
    assert_int_equal(db_streams_at_once(1, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_covers_the_text_once),     cmocka_unit_test(short_texts_get_fewer_streams),
        cmocka_unit_test(streams_are_taken_a_few_at_a_time), cmocka_unit_test(phases_differ_by_epoch_and_seed),
        cmocka_unit_test(the_rate_rises_stays_and_falls),
    };
    return cmocka_run_group_tests_name("batches", tests, NULL, NULL);
}
