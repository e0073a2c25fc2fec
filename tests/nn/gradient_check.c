/*
 * Every gradient of every layer and option against central differences, in double precision.
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
#include "nn/model.h"

enum { STREAMS = 3, STEPS = 37 }; /* more than two vectors of steps */

typedef struct {
    const char *name;
    db_model_config config; /* but for what completed() adds */
    db_dropout dropout;
} check_case;

/* A window of random tokens with a few resets, after a window that leaves a state to carry. */
typedef struct {
    uint16_t inputs[STEPS * STREAMS], targets[STEPS * STREAMS];
    uint8_t resets[STEPS * STREAMS];
    real *state, *parameters, *gradient;
    db_pass *pass;
    db_window window;
} fixture;

static void fixture_make(fixture *f, const check_case *c, db_layout *layout)
{
    db_random random;
    db_random_seed(&random, 7);
    memset(f, 0, sizeof *f);
    assert_int_equal(db_model_config_check(&c->config, NULL), 0);
    db_layout_make(layout, &c->config);
    f->pass = db_pass_new(&c->config, STREAMS, STEPS, false);
    f->parameters = db_allocate(layout->parameters * sizeof(real));
    f->gradient = db_allocate(layout->parameters * sizeof(real));
    f->state = db_allocate(db_pass_state_count(f->pass) * sizeof(real));
    for (size_t i = 0; i < layout->parameters; i++) {
        f->parameters[i] = db_random_unit(&random) - 0.5;
    }
    if (c->config.output == DOGBERRY_FACTORED) {
        real *order = f->parameters + db_layout_find(layout, "output.order")->offset;
        for (uint32_t i = 0; i < c->config.vocab; i++) {
            order[i] = (real)(i * 7 % c->config.vocab);
        }
    }
    for (size_t i = 0; i < STEPS * STREAMS; i++) {
        f->inputs[i] = (uint16_t)db_random_below(&random, c->config.vocab);
        f->targets[i] = (uint16_t)db_random_below(&random, c->config.vocab);
    }
    f->resets[0] = f->resets[2 * STREAMS + 1] = f->resets[30 * STREAMS + 1] = 1;
    f->window = (db_window){STEPS, f->inputs, f->targets, f->resets};
    db_pass_loss(f->pass, f->parameters, &f->window, NULL);
    db_pass_get_state(f->pass, f->state);
}

static void fixture_free(fixture *f)
{
    db_pass_free(f->pass);
    free(f->parameters);
    free(f->gradient);
    free(f->state);
}

static double loss_at(fixture *f, const check_case *c, real *gradient)
{
    db_pass_set_state(f->pass, f->state);
    return db_pass_gradient(f->pass, f->parameters, &f->window, &c->dropout, 99, 1, gradient);
}

static void check_tensor(fixture *f, const check_case *c, const db_tensor *tensor, real *scratch)
{
    const size_t count = (size_t)tensor->rows * tensor->cols;
    double largest = 0;
    for (size_t k = 0; k < count; k++) {
        largest = fmax(largest, fabs(f->gradient[tensor->offset + k]));
    }
    if (!(largest > 1e-3) && c->config.context != 1) { /* where there is nothing to choose from */
        fail_msg("%s: %s gets no gradient", c->name, tensor->name);
    }
    for (size_t k = 0; k < count; k += 1 + count / 40) {
        real *parameter = &f->parameters[tensor->offset + k];
        const real kept = *parameter, step = 1e-5;
        *parameter = kept + step;
        const double above = loss_at(f, c, scratch);
        *parameter = kept - step;
        const double below = loss_at(f, c, scratch);
        *parameter = kept;
        const double expected = (above - below) / (2 * step), got = f->gradient[tensor->offset + k];
        if (!(fabs(expected - got) <= 1e-7 + 1e-6 * fabs(expected))) {
            fail_msg("%s: %s[%zu]: gradient %.9g, by differences %.9g", c->name, tensor->name, k, got, expected);
        }
    }
}

static void check_gradients(void **state)
{
    const check_case *c = *state;
    fixture f;
    db_layout layout;
    fixture_make(&f, c, &layout);
    real *scratch = db_allocate(layout.parameters * sizeof(real));
    loss_at(&f, c, f.gradient);
    for (size_t i = 0; i < layout.count; i++) {
        if (strcmp(layout.tensors[i].name, "output.order") == 0) {
            continue; /* not trained */
        }
        check_tensor(&f, c, &layout.tensors[i], scratch);
    }
    free(scratch);
    fixture_free(&f);
}

/* What a case leaves 0 is this; a transformer with SiLU is the one without positions. */
static db_model_config completed(db_model_config config)
{
    const bool transformer = config.architecture == DOGBERRY_TRANSFORMER;
    config.vocab = 23;
    config.embedding = config.embedding ? config.embedding : transformer ? 8 : 5;
    config.hidden = config.hidden ? config.hidden : transformer ? 10 : 7;
    config.layers = config.layers ? config.layers : transformer ? 2 : 1;
    if (transformer) {
        config.heads = config.heads ? config.heads : 2;
        config.kv_heads = config.kv_heads ? config.kv_heads : 2;
        config.context = config.context ? config.context : STEPS;
        config.feed_forward = config.feed_forward ? config.feed_forward : DB_SWIGLU;
        config.rotary_base = config.feed_forward == DB_SILU ? 0 : 100;
    }
    return config;
}

static check_case cases[] = {
    {"lstm", {.architecture = DOGBERRY_LSTM}, {.embedding = 0}},
    {"lstm, 3 layers", {.architecture = DOGBERRY_LSTM, .embedding = 9, .hidden = 6, .layers = 3}, {.embedding = 0}},
    {"lstm, tied",
     {.architecture = DOGBERRY_LSTM, .output = DOGBERRY_TIED, .embedding = 6, .hidden = 6},
     {.embedding = 0}},
    {"gru", {.architecture = DOGBERRY_GRU}, {.embedding = 0}},
    {"gru, 2 layers, tied",
     {.architecture = DOGBERRY_GRU, .output = DOGBERRY_TIED, .embedding = 6, .hidden = 6, .layers = 2},
     {.embedding = 0}},
    {"lstm, embedding drop", {.architecture = DOGBERRY_LSTM}, {.embedding = 0.3}},
    {"lstm, input drop", {.architecture = DOGBERRY_LSTM}, {.input = 0.3}},
    {"lstm, hidden drop", {.architecture = DOGBERRY_LSTM, .layers = 2}, {.hidden = 0.3}},
    {"lstm, output drop", {.architecture = DOGBERRY_LSTM}, {.output = 0.3}},
    {"lstm, weight drop", {.architecture = DOGBERRY_LSTM}, {.recurrent = 0.3}},
    {"lstm, tied, all drops",
     {.architecture = DOGBERRY_LSTM, .output = DOGBERRY_TIED, .embedding = 6, .hidden = 6, .layers = 3},
     {.embedding = 0.1, .input = 0.2, .hidden = 0.2, .output = 0.3, .recurrent = 0.4}},
    {"lstm, factored", {.architecture = DOGBERRY_LSTM, .output = DOGBERRY_FACTORED, .classes = 5}, {.embedding = 0}},
    {"gru, factored, output drop",
     {.architecture = DOGBERRY_GRU, .output = DOGBERRY_FACTORED, .layers = 2, .classes = 3},
     {.output = 0.3}},
    {"gru, all drops",
     {.architecture = DOGBERRY_GRU, .embedding = 6, .layers = 2},
     {.embedding = 0.1, .input = 0.2, .hidden = 0.2, .output = 0.3, .recurrent = 0.4}},
    {"transformer, relu",
     {.architecture = DOGBERRY_TRANSFORMER, .layers = 1, .feed_forward = DB_RELU},
     {.embedding = 0}},
    {"transformer, squared relu, tied",
     {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED, .feed_forward = DB_RELU2},
     {.embedding = 0}},
    {"transformer, swiglu", {.architecture = DOGBERRY_TRANSFORMER, .hidden = 6, .layers = 1}, {.embedding = 0}},
    {"transformer, odd heads",
     {.architecture = DOGBERRY_TRANSFORMER,
      .output = DOGBERRY_TIED,
      .embedding = 9,
      .hidden = 12,
      .layers = 1,
      .heads = 3,
      .kv_heads = 3,
      .feed_forward = DB_RELU2},
     {.embedding = 0}},
    {"transformer, grouped queries",
     {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED, .embedding = 12, .heads = 6},
     {.embedding = 0}},
    {"transformer, one head of three",
     {.architecture = DOGBERRY_TRANSFORMER, .embedding = 3, .hidden = 5, .layers = 1, .heads = 1, .kv_heads = 1},
     {.embedding = 0}},
    {"transformer, context full",
     {.architecture = DOGBERRY_TRANSFORMER,
      .output = DOGBERRY_TIED,
      .kv_heads = 1,
      .context = 7,
      .feed_forward = DB_RELU2},
     {.embedding = 0}},
    {"transformer, context of one",
     {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED, .kv_heads = 1, .context = 1},
     {.embedding = 0}},
    {"transformer, embedding drop",
     {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED},
     {.embedding = 0.3}},
    {"transformer, SiLU without positions",
     {.architecture = DOGBERRY_TRANSFORMER, .heads = 1, .kv_heads = 1, .feed_forward = DB_SILU},
     {.embedding = 0}},
    {"transformer, input drop", {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED}, {.input = 0.3}},
    {"transformer, hidden drop", {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED}, {.hidden = 0.3}},
    {"transformer, output drop", {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED}, {.output = 0.3}},
    {"transformer, attention drop",
     {.architecture = DOGBERRY_TRANSFORMER, .output = DOGBERRY_TIED},
     {.attention = 0.3}},
    {"transformer, all drops",
     {.architecture = DOGBERRY_TRANSFORMER, .embedding = 12, .layers = 3, .heads = 4, .feed_forward = DB_RELU2},
     {.embedding = 0.1, .input = 0.2, .hidden = 0.2, .output = 0.3, .attention = 0.4}},
};

int main(void)
{
    enum { CASES = sizeof cases / sizeof *cases };
    struct CMUnitTest tests[CASES];
    for (size_t i = 0; i < CASES; i++) {
        cases[i].config = completed(cases[i].config);
        tests[i] = (struct CMUnitTest){cases[i].name, check_gradients, NULL, NULL, &cases[i]};
    }
    return cmocka_run_group_tests_name("gradients", tests, NULL, NULL);
}
