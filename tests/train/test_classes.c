/*
 * Learning the classes of a factored output.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "dogberry.h"
#include "nn/factored.h"
#include "train/classes.h"

enum { GROUPS = 4, VOCAB = 33, LENGTH = 6000 };

static float interleaved[VOCAB];

/* Token t belongs to group t % GROUPS, and a token of group g is followed by any one of group g + 1. */
static db_sequence grouped_text(uint16_t ids[LENGTH])
{
    db_random random;
    db_random_seed(&random, 7);
    for (uint32_t i = 0; i < LENGTH; i++)
        ids[i] = (uint16_t)(GROUPS * db_random_below(&random, 8) + i % GROUPS);
    for (uint32_t t = 0; t < VOCAB; t++)
        interleaved[t] = (float)t;
    return (db_sequence){ids, LENGTH, VOCAB - 1, DOGBERRY_NO_TOKEN};
}

static void classes_of(const float *order, uint32_t classes, uint32_t class_of[VOCAB])
{
    bool seen[VOCAB] = {false};
    for (uint32_t c = 0; c < classes; c++) {
        for (uint32_t p = db_factored_start(VOCAB, classes, c); p < db_factored_start(VOCAB, classes, c + 1); p++) {
            const uint32_t token = (uint32_t)order[p];
            assert_in_range(token, 0, VOCAB - 1);
            assert_false(seen[token]);
            seen[token] = true;
            class_of[token] = c;
        }
    }
}

/* ln p(class | context) + ln p(token | class), by counting, a token; summed over both contexts. */
static double likelihood(const db_sequence *text, uint32_t classes, const float *order)
{
    static double follows[2][VOCAB][VOCAB], context[2][VOCAB];
    double of_class[VOCAB] = {0}, of_token[VOCAB] = {0}, sum = 0;
    uint32_t class_of[VOCAB];
    memset(follows, 0, sizeof follows);
    memset(context, 0, sizeof context);
    classes_of(order, classes, class_of);
    for (size_t i = 0; i < text->count; i++) {
        of_class[class_of[text->ids[i]]]++;
        of_token[text->ids[i]]++;
        for (size_t d = 1; d <= 2 && d <= i; d++) {
            follows[d - 1][text->ids[i - d]][class_of[text->ids[i]]]++;
            context[d - 1][text->ids[i - d]]++;
        }
    }
    for (size_t i = 0; i < text->count; i++) {
        const uint32_t token = text->ids[i];
        sum += 2 * log(of_token[token] / of_class[class_of[token]]);
        for (size_t d = 1; d <= 2 && d <= i; d++)
            sum += log(follows[d - 1][text->ids[i - d]][class_of[token]] / context[d - 1][text->ids[i - d]]);
    }
    return sum / (double)text->count;
}

static void test_finds_groups(void **state)
{
    uint16_t ids[LENGTH];
    float order[VOCAB];
    uint32_t class_of[VOCAB];
    (void)state;
    const db_sequence text = grouped_text(ids);
    memcpy(order, interleaved, sizeof order);
    assert_true(db_learn_classes(&text, VOCAB, GROUPS, order) > 0.5);
    classes_of(order, GROUPS, class_of);
    for (uint32_t t = 0; t + GROUPS < VOCAB - 1; t++)
        assert_int_equal(class_of[t], class_of[t + GROUPS]);
}

/* The reported gain is the difference of the likelihoods, counted here from scratch. Six classes do not fit the groups.
 */
static void test_gain_is_true(void **state)
{
    uint16_t ids[LENGTH];
    float order[VOCAB];
    (void)state;
    const db_sequence text = grouped_text(ids);
    memcpy(order, interleaved, sizeof order);
    const double before = likelihood(&text, 6, order), gain = db_learn_classes(&text, VOCAB, 6, order);
    const double after = likelihood(&text, 6, order);
    assert_true(gain > 0.1);
    assert_true(fabs(after - before - gain) < 1e-9);
}

static void test_repeats(void **state)
{
    uint16_t ids[LENGTH];
    float one[VOCAB], two[VOCAB];
    (void)state;
    const db_sequence text = grouped_text(ids);
    memcpy(one, interleaved, sizeof one);
    memcpy(two, interleaved, sizeof two);
    db_learn_classes(&text, VOCAB, 5, one);
    db_learn_classes(&text, VOCAB, 5, two);
    assert_memory_equal(one, two, sizeof one);
}

static void test_edges(void **state)
{
    uint16_t ids[LENGTH];
    float order[VOCAB];
    uint32_t class_of[VOCAB];
    (void)state;
    db_sequence text = grouped_text(ids);
    memcpy(order, interleaved, sizeof order);
    assert_true(db_learn_classes(&text, VOCAB, 1, order) == 0);
    db_learn_classes(&text, VOCAB, VOCAB, order);
    classes_of(order, VOCAB, class_of);
    memcpy(order, interleaved, sizeof order);
    text.count = 0;
    assert_true(db_learn_classes(&text, VOCAB, GROUPS, order) == 0);
    assert_memory_equal(order, interleaved, sizeof order);
    text.count = 1;
    db_learn_classes(&text, VOCAB, GROUPS, order);
    classes_of(order, GROUPS, class_of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_groups),
        cmocka_unit_test(test_gain_is_true),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
