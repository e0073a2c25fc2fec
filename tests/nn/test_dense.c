/*
 * The output layer's loss and gradients at half precision, fused, against full precision by way of logits.
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
#include "nn/dense.h"

/* Operands at most so large, so that rounding them leaves logits wrong by a few hundredths. */
static float *noise(db_random *random, size_t count, double size)
{
    float *values = db_allocate(count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (float)((db_random_unit(random) - 0.5) * 2 * size);
    }
    return values;
}

typedef struct {
    uint32_t n, vocab, hidden;
    float *weight, *bias, *h, *dweight, *dbias; /* the last two: before */
    uint16_t *targets;
} task;

typedef struct {
    double nats;
    float *dh, *dweight, *dbias;
} outcome;

static task make_task(db_random *random, uint32_t n, uint32_t vocab, uint32_t hidden)
{
    task t = {.n = n, .vocab = vocab, .hidden = hidden};
    t.weight = noise(random, (size_t)vocab * hidden, 0.5);
    t.bias = noise(random, vocab, 2);
    t.h = noise(random, (size_t)n * hidden, 1);
    t.dweight = noise(random, (size_t)vocab * hidden, 1);
    t.dbias = noise(random, vocab, 1);
    t.targets = db_allocate(n * sizeof *t.targets);
    for (uint32_t i = 0; i < n; i++) {
        t.targets[i] = (uint16_t)db_random_below(random, vocab);
    }
    return t;
}

static void free_task(task *t)
{
    free(t->weight);
    free(t->bias);
    free(t->h);
    free(t->dweight);
    free(t->dbias);
    free(t->targets);
}

static float *copy(const float *values, size_t count)
{
    float *copied = db_allocate(count * sizeof *copied);
    memcpy(copied, values, count * sizeof *copied);
    return copied;
}

static outcome run(const task *t, bool full)
{
    db_linear linear;
    db_linear_scratch packed = {0};
    db_linear_make(&linear, t->vocab, t->hidden, DB_OUTPUT_CHUNK, &packed);
    db_linear_load(&linear, t->weight, full);
    const db_dense layer = {t->vocab, t->hidden, &linear, t->bias};
    float *scratch = db_allocate(db_dense_scratch(t->vocab, t->hidden) * sizeof *scratch);
    outcome o = {.dh = db_allocate((size_t)t->n * t->hidden * sizeof(float)),
                 .dweight = copy(t->dweight, (size_t)t->vocab * t->hidden),
                 .dbias = copy(t->dbias, t->vocab)};
    o.nats = db_dense_backward(&layer, t->n, t->h, t->targets, 0.5f, scratch, o.dh, o.dweight, o.dbias);
    free(scratch);
    db_linear_free(&linear);
    db_linear_scratch_free(&packed);
    return o;
}

static void free_outcome(outcome *o)
{
    free(o->dh);
    free(o->dweight);
    free(o->dbias);
}

static void compare(const char *what, const float *half, const float *full, size_t count, double allowed)
{
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)(half[i] - full[i])) < allowed)) {
            fail_msg("%s: %g instead of %g at %zu of %zu", what, (double)half[i], (double)full[i], i, count);
        }
    }
}

static void skip_without_half(void)
{
    if (!db_linear_has_half()) {
        print_message("skipped: this CPU has no bfloat16\n");
        skip();
    }
}

/* A logit is a sum of `hidden` products of size up to 1/2, each wrong by up to 1/128 of it at the most; so is the
 * relative error of a probability. */
static void check_size(db_random *random, uint32_t n, uint32_t vocab, uint32_t hidden)
{
    task t = make_task(random, n, vocab, hidden);
    outcome half = run(&t, false), full = run(&t, true);
    const double logit = 0.006 * sqrt((double)hidden) + 0.01;
    if (!(fabs(half.nats - full.nats) < logit * n)) {
        fail_msg("loss %g instead of %g: %u x %u x %u", half.nats, full.nats, n, vocab, hidden);
    }
    compare("dh", half.dh, full.dh, (size_t)n * hidden, 0.5 * 0.5 * 2 * logit);
    compare("dbias", half.dbias, full.dbias, vocab, 0.5 * logit * (1 + 0.5 * n));
    compare("dweight", half.dweight, full.dweight, (size_t)vocab * hidden, 0.5 * logit * (1 + 0.5 * n));
    free_outcome(&half);
    free_outcome(&full);
    free_task(&t);
}

static void all_sizes_are_close(void **state)
{
    (void)state;
    skip_without_half();
    db_random random;
    db_random_seed(&random, 7);
    for (int i = 0; i < 120; i++) {
        check_size(&random, 1 + (uint32_t)db_random_below(&random, 40), 1 + (uint32_t)db_random_below(&random, 90),
                   1 + (uint32_t)db_random_below(&random, 90));
    }
    check_size(&random, 3, 1000, 40);
    check_size(&random, 300, 530, 64);
}

/* A bias that makes all targets but word 0 as good as impossible, or certain. */
static void far_logits_are_right(void **state)
{
    (void)state;
    skip_without_half();
    const float biases[] = {50, 300, -300};
    db_random random;
    db_random_seed(&random, 8);
    for (size_t i = 0; i < sizeof biases / sizeof *biases; i++) {
        enum { N = 20, VOCAB = 300, HIDDEN = 16 };
        task t = make_task(&random, N, VOCAB, HIDDEN);
        t.bias[0] = biases[i];
        outcome half = run(&t, false), full = run(&t, true);
        assert_true(fabs(half.nats - full.nats) < 0.002 * fabs(full.nats) + 0.05 * N);
        compare("dh", half.dh, full.dh, (size_t)N * HIDDEN, 0.02);
        compare("dweight", half.dweight, full.dweight, (size_t)VOCAB * HIDDEN, 0.1);
        free_outcome(&half);
        free_outcome(&full);
        free_task(&t);
    }
}

static void what_is_no_number_is_seen(void **state)
{
    (void)state;
    skip_without_half();
    db_random random;
    db_random_seed(&random, 9);
    for (size_t i = 0; i < 3; i++) {
        task t = make_task(&random, 10, 100, 16);
        float *const places[] = {&t.bias[99], &t.weight[800], &t.h[80]};
        *places[i] = NAN;
        outcome half = run(&t, false);
        assert_true(isnan(half.nats));
        free_outcome(&half);
        free_task(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_sizes_are_close), cmocka_unit_test(far_logits_are_right),
                                       cmocka_unit_test(what_is_no_number_is_seen)};
    return cmocka_run_group_tests_name("dense", tests, NULL, NULL);
}
