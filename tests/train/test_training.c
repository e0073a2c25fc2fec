/*
 * Training as a whole on texts that take a moment: it learns, repeats itself exactly, stops when it should, and says
 * what is wrong.
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
#include "dogberry.h"
#include "nn/model.h"
#include "tiny_text.h"
#include "train/evaluate.h"
#include "train/train.h"

static const db_model_config tiny = {.architecture = DOGBERRY_LSTM,
                                     .output = DOGBERRY_DENSE,
                                     .vocab = TINY_VOCAB,
                                     .embedding = 8,
                                     .hidden = 16,
                                     .layers = 1};

static db_train_options quick(uint64_t steps)
{
    db_train_options options;
    db_train_defaults(&options, &tiny, TINY_COUNT);
    options.steps = steps;
    options.threads = 2;
    options.batch = 8;
    options.window = 8;
    options.warmup = 10;
    options.learning_rate = 0.01;
    /* What is tested must not move when defaults are tuned. */
    options.beta2 = 0.99;
    options.weight_decay = 0.01;
    options.drop_embedding = options.drop_input = options.drop_hidden = 0;
    options.drop_output = 0.3;
    options.drop_recurrent = 0.2;
    return options;
}

typedef struct {
    uint16_t train_ids[TINY_COUNT], validation_ids[TINY_COUNT / 4];
    db_sequence train, validation;
    float *parameters;
    size_t count;
    db_train_result result;
    db_error error;
} bench;

static int set_up(void **state)
{
    bench *b = db_allocate(sizeof *b);
    db_layout layout;
    db_layout_make(&layout, &tiny);
    b->train = tiny_text(b->train_ids, TINY_COUNT, 1);
    b->validation = tiny_text(b->validation_ids, TINY_COUNT / 4, 2);
    b->count = layout.parameters;
    b->parameters = db_allocate(b->count * sizeof(float));
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bench *b = *state;
    free(b->parameters);
    free(b);
    return 0;
}

static int run(bench *b, const db_train_options *options, const db_train_callbacks *callbacks)
{
    db_train_initialize(&tiny, options->seed, b->parameters);
    return db_train_run(&tiny, b->parameters, &b->train, &b->validation, options, callbacks, &b->result, &b->error);
}

static void learns_and_overfits(void **state)
{
    bench *b = *state;
    db_train_options options = quick(600);
    options.drop_output = options.drop_recurrent = 0;
    assert_int_equal(run(b, &options, NULL), 0);
    assert_int_equal(b->result.end, DB_TRAIN_DONE);
    assert_int_equal(b->result.steps, 600);
    /* Counting is learnt; where a document starts, turns and ends cannot be. */
    assert_true(b->result.last.best_loss < 0.75);
    const db_loss loss = db_evaluate(&tiny, b->parameters, &b->validation, 2, NULL);
    assert_true(fabs(loss.nats / (double)loss.tokens - b->result.last.best_loss) < 1e-4);

    b->train.count = 60;
    b->validation.count = 0;
    options.batch = 2;
    assert_int_equal(run(b, &options, NULL), 0);
    assert_true(b->result.last.train_loss < 0.25);
}

static void repeats_bit_for_bit(void **state)
{
    bench *b = *state;
    db_train_options options = quick(60);
    options.drop_embedding = options.drop_input = 0.1;
    assert_int_equal(run(b, &options, NULL), 0);
    float *first = db_allocate(b->count * sizeof(float));
    memcpy(first, b->parameters, b->count * sizeof(float));
    assert_int_equal(run(b, &options, NULL), 0);
    assert_memory_equal(first, b->parameters, b->count * sizeof(float));
    options.seed = 2;
    assert_int_equal(run(b, &options, NULL), 0);
    assert_memory_not_equal(first, b->parameters, b->count * sizeof(float));
    free(first);
}

/* The definition, token by token: one stream, one step at a time. */
static double loss_by_steps(const float *parameters, const db_sequence *text, float *nats)
{
    db_pass *pass = db_pass_new(&tiny, 1, 1, false);
    double sum = 0;
    for (size_t i = 0; i < text->count; i++) {
        const uint8_t reset = i == 0 || text->ids[i - 1] == text->end_token;
        const uint16_t input = reset ? text->start_token : text->ids[i - 1];
        const db_window window = {1, &input, &text->ids[i], &reset};
        sum += db_pass_loss(pass, parameters, &window, &nats[i]);
    }
    db_pass_free(pass);
    return sum;
}

static void evaluation_is_what_it_is_defined_as(void **state)
{
    bench *b = *state;
    float *expected = db_allocate(b->train.count * sizeof(float)), *got = db_allocate(b->train.count * sizeof(float));
    db_train_initialize(&tiny, 5, b->parameters);
    for (size_t i = 0; i < b->count; i++) {
        b->parameters[i] *= 4; /* far from uniform */
    }
    b->train.count -= 3; /* the last document stays open */
    const double sum = loss_by_steps(b->parameters, &b->train, expected);
    for (uint32_t threads = 1; threads <= 3; threads++) {
        const db_loss loss = db_evaluate(&tiny, b->parameters, &b->train, threads, got);
        assert_int_equal(loss.tokens, b->train.count);
        assert_true(fabs(loss.nats - sum) < 1e-4 * sum);
        for (size_t i = 0; i < b->train.count; i++) {
            assert_true(fabsf(got[i] - expected[i]) < 1e-4f);
        }
    }
    const double quick = db_evaluate_quickly(&tiny, b->parameters, &b->train, 2).nats;
    assert_true(fabs(quick - sum) < 0.01 * sum);
    b->train.end_token = DOGBERRY_NO_TOKEN; /* one long document */
    const double whole = loss_by_steps(b->parameters, &b->train, expected);
    assert_true(fabs(db_evaluate(&tiny, b->parameters, &b->train, 2, NULL).nats - whole) < 1e-4 * whole);
    free(expected);
    free(got);
}

static void a_limit_in_minutes_is_kept_and_repeatable(void **state)
{
    bench *b = *state;
    db_train_options options = quick(0);
    options.minutes = 1.5 / 60;
    assert_int_equal(run(b, &options, NULL), 0);
    assert_true(b->result.steps > 0); /* how many is the machine's affair */
    assert_true(b->result.last.learning_rate < 0.01 * options.learning_rate);
    if (!b->result.repeatable) {
        print_message("the machine became slower meanwhile; exact repetition not checked\n");
        return;
    }
    float *first = db_allocate(b->count * sizeof(float));
    memcpy(first, b->parameters, b->count * sizeof(float));
    options.minutes = 0;
    options.steps = b->result.steps;
    assert_int_equal(run(b, &options, NULL), 0);
    assert_memory_equal(first, b->parameters, b->count * sizeof(float));
    free(first);
}

static void patience_ends_a_run_that_learns_nothing_more(void **state)
{
    bench *b = *state;
    db_train_options options = quick(100000);
    options.drop_output = options.drop_recurrent = 0;
    options.patience = 3;
    assert_int_equal(run(b, &options, NULL), 0);
    assert_int_equal(b->result.end, DB_TRAIN_PATIENCE);
    assert_true(b->result.steps < 20000);
    const db_loss loss = db_evaluate(&tiny, b->parameters, &b->validation, 2, NULL);
    assert_true(fabs(loss.nats / (double)loss.tokens - b->result.last.best_loss) < 1e-4);
}

static void blown_up_runs_go_on_more_slowly(void **state)
{
    bench *b = *state;
    db_train_options options = quick(200);
    options.learning_rate = 10;
    options.weight_decay = 10; /* each step multiplies the weights by -99 */
    options.clip = 0;
    options.snapshot_steps = 1000;
    options.schedule = DB_SCHEDULE_COSINE;
    b->validation.count = 0;
    assert_int_equal(run(b, &options, NULL), 0);
    assert_true(b->result.rollbacks >= 3);
    for (size_t i = 0; i < b->count; i++) {
        assert_true(isfinite(b->parameters[i]));
    }
}

static void hopeless_runs_end(void **state)
{
    bench *b = *state;
    db_train_options options = quick(50);
    db_train_initialize(&tiny, 1, b->parameters);
    b->parameters[b->count - 1] = NAN;
    assert_int_equal(
        db_train_run(&tiny, b->parameters, &b->train, &b->validation, &options, NULL, &b->result, &b->error), 0);
    assert_int_equal(b->result.end, DB_TRAIN_DIVERGED);
}

static int stop_at_once(void *user, const db_train_progress *progress)
{
    (void)progress;
    ++*(int *)user;
    return 1;
}

static void callers_can_stop_it(void **state)
{
    bench *b = *state;
    int calls = 0;
    const db_train_callbacks callbacks = {.user = &calls, .progress = stop_at_once};
    const db_train_options options = quick(1000000);
    assert_int_equal(run(b, &options, &callbacks), 0);
    assert_int_equal(b->result.end, DB_TRAIN_STOPPED);
    assert_int_equal(calls, 1);
    assert_true(b->result.steps < 1000000);
}

static void refuse(bench *b, const db_train_options *options, const char *word)
{
    assert_int_equal(run(b, options, NULL), -1);
    if (strstr(b->error.message, word) == NULL) {
        fail_msg("\"%s\" does not name %s", b->error.message, word);
    }
}

static void impossible_options_are_refused(void **state)
{
    bench *b = *state;
    db_train_options options = quick(0);
    refuse(b, &options, "no end");
    options = quick(10);
    options.drop_output = 1;
    refuse(b, &options, "output dropout");
    options = quick(10);
    options.learning_rate = NAN;
    refuse(b, &options, "learning rate");
    options = quick(10);
    options.minutes = 1;
    options.schedule = DB_SCHEDULE_COSINE;
    refuse(b, &options, "trapezoid");
    options = quick(10);
    b->train_ids[7] = TINY_VOCAB;
    refuse(b, &options, "outside the vocabulary");
    b->train.count = 5;
    refuse(b, &options, "too few");
}

static void few_weights_are_dropped_less(void **state)
{
    (void)state;
    db_train_options few, many;
    const size_t weights = db_model_config_trained(&tiny);
    db_train_defaults(&few, &tiny, 2 * weights + 1);
    db_train_defaults(&many, &tiny, 2 * weights);
    assert_true(0 < few.drop_input && few.drop_input < many.drop_input);
    assert_true(0 < few.drop_output && few.drop_output < many.drop_output);
    assert_true(0 < few.drop_recurrent && few.drop_recurrent < many.drop_recurrent);
}

static void samples_follow_the_seed(void **state)
{
    bench *b = *state;
    const db_train_options options = quick(300);
    assert_int_equal(run(b, &options, NULL), 0);
    const uint16_t prompt[3] = {5, 6, 7};
    uint16_t first[40], second[40];
    const size_t count =
        db_train_sample(&tiny, b->parameters, &b->train, DOGBERRY_NO_TOKEN, prompt, 3, 0.1, 9, first, 40);
    assert_true(count > 0);
    assert_int_equal(first[0], 8);
    assert_int_equal(db_train_sample(&tiny, b->parameters, &b->train, DOGBERRY_NO_TOKEN, prompt, 3, 0.1, 9, second, 40),
                     count);
    assert_memory_equal(first, second, count * sizeof *first);
    const size_t without = db_train_sample(&tiny, b->parameters, &b->train, 8, prompt, 3, 0.1, 9, second, 40);
    for (size_t i = 0; i < without; i++) {
        assert_int_not_equal(second[i], 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(learns_and_overfits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeats_bit_for_bit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evaluation_is_what_it_is_defined_as, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_limit_in_minutes_is_kept_and_repeatable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(patience_ends_a_run_that_learns_nothing_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blown_up_runs_go_on_more_slowly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hopeless_runs_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(callers_can_stop_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(impossible_options_are_refused, set_up, tear_down),
        cmocka_unit_test(few_weights_are_dropped_less),
        cmocka_unit_test_setup_teardown(samples_follow_the_seed, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("training", tests, NULL, NULL);
}
