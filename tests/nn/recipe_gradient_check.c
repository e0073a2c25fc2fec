/*
 * The original recipe's gradient (bench/last_target.c: windows of one length, one target each) against central
 * differences, in double precision: what our own recipe is compared with must learn as it should.
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
#include "base/random.h"
#include "last_target.h"

enum { STREAMS = 3, WINDOW = 6, TOKENS = 60 };

static const db_model_config config = {
    .architecture = DOGBERRY_LSTM, .output = DOGBERRY_DENSE, .vocab = 23, .embedding = 5, .hidden = 7, .layers = 1};
static const double SCALE = 0.5;

typedef struct {
    db_layout layout;
    bench_lane *lane;
    real *parameters, *gradient, *scratch;
    uint16_t ids[TOKENS];
    uint32_t starts[STREAMS];
} fixture;

static int set_up(void **state)
{
    fixture *f = db_allocate(sizeof *f);
    db_random random;
    db_random_seed(&random, 5);
    db_layout_make(&f->layout, &config);
    f->lane = bench_lane_new(&config, STREAMS, WINDOW, false);
    f->parameters = db_allocate(f->layout.parameters * sizeof(real));
    f->gradient = db_allocate(f->layout.parameters * sizeof(real));
    f->scratch = db_allocate(f->layout.parameters * sizeof(real));
    for (size_t i = 0; i < f->layout.parameters; i++)
        f->parameters[i] = db_random_unit(&random) - 0.5;
    for (size_t i = 0; i < TOKENS; i++)
        f->ids[i] = (uint16_t)db_random_below(&random, config.vocab);
    for (uint32_t s = 0; s < STREAMS; s++)
        f->starts[s] = 17 * s + 2;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    bench_lane_free(f->lane);
    free(f->parameters);
    free(f->gradient);
    free(f->scratch);
    free(f);
    return 0;
}

static double nats_at(fixture *f, real *gradient)
{
    return bench_lane_gradient(f->lane, f->parameters, f->ids, f->starts, SCALE, gradient);
}

static void gradient_is_that_of_the_loss(void **state)
{
    fixture *f = *state;
    const real step = 1e-5;
    nats_at(f, f->gradient);
    for (size_t i = 0; i < f->layout.count; i++) {
        const db_tensor *tensor = &f->layout.tensors[i];
        double largest = 0;
        for (size_t k = 0; k < (size_t)tensor->rows * tensor->cols; k++) {
            real *parameter = &f->parameters[tensor->offset + k];
            const real kept = *parameter, got = f->gradient[tensor->offset + k];
            *parameter = kept + step;
            const double above = nats_at(f, f->scratch);
            *parameter = kept - step;
            const double below = nats_at(f, f->scratch);
            *parameter = kept;
            const double expected = SCALE * (above - below) / (2 * step);
            if (!(fabs(expected - got) <= 1e-7 + 1e-6 * fabs(expected)))
                fail_msg("%s[%zu]: gradient %.9g, by differences %.9g", tensor->name, k, got, expected);
            largest = fmax(largest, fabs(got));
        }
        if (!(largest > 1e-3))
            fail_msg("%s gets no gradient", tensor->name);
    }
}

/* A window starts from zero state whatever the lane read before, and only its last word is a target. */
static void windows_stand_alone(void **state)
{
    fixture *f = *state;
    double apart = 0;
    const double together = bench_lane_loss(f->lane, f->parameters, f->ids, f->starts, STREAMS);
    for (uint32_t s = 0; s < STREAMS; s++) {
        const uint32_t starts[STREAMS] = {f->starts[s], f->starts[0], f->starts[1]};
        apart += bench_lane_loss(f->lane, f->parameters, f->ids, starts, 1);
    }
    assert_true(fabs(apart - together) < 1e-5);
    assert_true(fabs(nats_at(f, f->gradient) - together) < 1e-5);
    f->ids[f->starts[2] + WINDOW + 1] ^= 1; /* beyond the last target */
    assert_true(bench_lane_loss(f->lane, f->parameters, f->ids, f->starts, STREAMS) == together);
    f->ids[f->starts[2] + WINDOW] ^= 1;
    assert_true(bench_lane_loss(f->lane, f->parameters, f->ids, f->starts, STREAMS) != together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gradient_is_that_of_the_loss, set_up, tear_down),
        cmocka_unit_test_setup_teardown(windows_stand_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
