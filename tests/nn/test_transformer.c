/*
 * The transformer against its definition in docs/ARCHITECTURE.md, read literally and slowly: a token at a time, with
 * what it sees in a list.
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

enum { STREAMS = 3, TOKENS = 60, WIDEST = 64, KEPT = 64 };

typedef struct {
    const char *name;
    db_model_config config;
} named_config;

#define TRANSFORMER(out, D, H, L, N, M, C, ff)                                                                      \
    {                                                                                                               \
        .architecture = DOGBERRY_TRANSFORMER, .output = out, .vocab = 31, .embedding = D, .hidden = H, .layers = L, \
        .heads = N, .kv_heads = M, .context = C, .feed_forward = ff, .rotary_base = 10000                           \
    }

static const named_config cases[] = {
    {"relu, tied", TRANSFORMER(DOGBERRY_TIED, 8, 20, 1, 2, 2, 10, DB_RELU)},
    {"squared relu, odd heads", TRANSFORMER(DOGBERRY_TIED, 15, 24, 2, 3, 3, 9, DB_RELU2)},
    {"swiglu, grouped queries", TRANSFORMER(DOGBERRY_DENSE, 24, 30, 3, 6, 2, 16, DB_SWIGLU)},
    {"silu without positions",
     {.architecture = DOGBERRY_TRANSFORMER,
      .output = DOGBERRY_DENSE,
      .vocab = 31,
      .embedding = 12,
      .hidden = 20,
      .layers = 2,
      .heads = 1,
      .kv_heads = 1,
      .context = 12,
      .feed_forward = DB_SILU,
      .rotary_base = 0}},
    {"one head of one component", TRANSFORMER(DOGBERRY_DENSE, 2, 6, 1, 2, 1, 5, DB_RELU2)},
    {"context of one", TRANSFORMER(DOGBERRY_TIED, 8, 12, 2, 2, 2, 1, DB_SWIGLU)},
    {"context of two", TRANSFORMER(DOGBERRY_TIED, 8, 12, 2, 2, 2, 2, DB_RELU)},
};

/* ---- The definition ---- */

typedef struct {
    const db_model_config *config;
    const float *parameters;
    db_layout layout;
    uint32_t kept;     /* tokens that are seen */
    uint32_t position; /* of the next token, from anywhere */
    double keys[4][KEPT][WIDEST], values[4][KEPT][WIDEST];
} slow_model;

static void multiply(const slow_model *m, const db_tensor *w, const double *in, double *out)
{
    for (uint32_t r = 0; r < w->rows; r++) {
        out[r] = 0;
        for (uint32_t c = 0; c < w->cols; c++) {
            out[r] += (double)m->parameters[w->offset + (size_t)r * w->cols + c] * in[c];
        }
    }
}

static void norm(uint32_t width, const double *x, double *out)
{
    double sum = 0;
    for (uint32_t i = 0; i < width; i++) {
        sum += x[i] * x[i] / width;
    }
    for (uint32_t i = 0; i < width; i++) {
        out[i] = x[i] / sqrt(sum + 1e-5);
    }
}

static void turn(const db_model_config *config, uint32_t heads, uint32_t position, double *x)
{
    const uint32_t d = config->embedding / config->heads, r = d - d % 2;
    for (uint32_t h = 0; h < heads; h++) {
        for (uint32_t c = 0; c < r / 2; c++) {
            const double base = config->rotary_base, angle = base > 0 ? position * pow(base, -2.0 * c / r) : 0;
            double *a = &x[h * d + c], *b = &x[h * d + c + r / 2];
            const double turned = *a * cos(angle) - *b * sin(angle);
            *b = *a * sin(angle) + *b * cos(angle);
            *a = turned;
        }
    }
}

/* Lets the oldest go where the context is full, then adds the token's keys and values. */
static void keep(slow_model *m, uint32_t layer, const double *k, const double *v)
{
    const uint32_t context = m->config->context;
    uint32_t kept = m->kept;
    if (kept == context) {
        const uint32_t gone = context - context / 2;
        memmove(m->keys[layer], m->keys[layer] + gone, (kept - gone) * sizeof m->keys[layer][0]);
        memmove(m->values[layer], m->values[layer] + gone, (kept - gone) * sizeof m->values[layer][0]);
        kept -= gone;
    }
    memcpy(m->keys[layer][kept], k, WIDEST * sizeof *k);
    memcpy(m->values[layer][kept], v, WIDEST * sizeof *v);
    if (layer + 1 == m->config->layers) {
        m->kept = kept + 1;
    }
}

static void attend(const slow_model *m, uint32_t layer, uint32_t seen, const double *q, double *out)
{
    const db_model_config *c = m->config;
    const uint32_t d = c->embedding / c->heads;
    for (uint32_t h = 0; h < c->heads; h++) {
        const uint32_t g = h * c->kv_heads / c->heads;
        double weights[KEPT], sum = 0;
        for (uint32_t j = 0; j < seen; j++) {
            double s = 0;
            for (uint32_t i = 0; i < d; i++) {
                s += q[h * d + i] * m->keys[layer][j][g * d + i];
            }
            sum += weights[j] = exp(s / sqrt(d));
        }
        for (uint32_t i = 0; i < d; i++) {
            out[h * d + i] = 0;
            for (uint32_t j = 0; j < seen; j++) {
                out[h * d + i] += weights[j] / sum * m->values[layer][j][g * d + i];
            }
        }
    }
}

static void feed_forward(const slow_model *m, uint32_t layer, const double *n, double *f)
{
    const db_model_config *c = m->config;
    double gate[WIDEST];
    multiply(m, db_layout_find_block(&m->layout, layer, "mlp.up_proj"), n, f);
    if (c->feed_forward == DB_SWIGLU) {
        multiply(m, db_layout_find_block(&m->layout, layer, "mlp.gate_proj"), n, gate);
    }
    for (uint32_t i = 0; i < c->hidden; i++) {
        const double positive = f[i] > 0 ? f[i] : 0;
        f[i] = c->feed_forward == DB_SWIGLU  ? f[i] * gate[i] / (1 + exp(-gate[i]))
               : c->feed_forward == DB_SILU  ? f[i] / (1 + exp(-f[i]))
               : c->feed_forward == DB_RELU2 ? positive * positive
                                             : positive;
    }
}

static void run_layer(slow_model *m, uint32_t layer, double *x)
{
    const db_model_config *c = m->config;
    const uint32_t D = c->embedding, context = c->context;
    const uint32_t seen = (m->kept == context ? context / 2 : m->kept) + 1;
    double n[WIDEST], q[WIDEST], k[WIDEST] = {0}, v[WIDEST] = {0}, a[WIDEST], added[WIDEST];
    norm(D, x, n);
    multiply(m, db_layout_find_block(&m->layout, layer, "self_attn.q_proj"), n, q);
    multiply(m, db_layout_find_block(&m->layout, layer, "self_attn.k_proj"), n, k);
    multiply(m, db_layout_find_block(&m->layout, layer, "self_attn.v_proj"), n, v);
    turn(c, c->heads, m->position, q);
    turn(c, c->kv_heads, m->position, k);
    keep(m, layer, k, v);
    attend(m, layer, seen, q, a);
    multiply(m, db_layout_find_block(&m->layout, layer, "self_attn.o_proj"), a, added);
    for (uint32_t i = 0; i < D; i++) {
        x[i] += added[i];
    }
    norm(D, x, n);
    feed_forward(m, layer, n, a);
    multiply(m, db_layout_find_block(&m->layout, layer, "mlp.down_proj"), a, added);
    for (uint32_t i = 0; i < D; i++) {
        x[i] += added[i];
    }
}

/* Runs one token. Returns -ln p of the target. */
static double step(slow_model *m, bool reset, uint16_t token, uint16_t target)
{
    const db_model_config *c = m->config;
    const db_tensor *table = &m->layout.tensors[0];
    double x[WIDEST], n[WIDEST], logits[WIDEST], sum = 0;
    if (reset) {
        m->kept = 0;
    }
    for (uint32_t i = 0; i < c->embedding; i++) {
        x[i] = (double)m->parameters[table->offset + (size_t)token * c->embedding + i];
    }
    for (uint32_t l = 0; l < c->layers; l++) {
        run_layer(m, l, x);
    }
    m->position++;
    norm(c->embedding, x, n);
    multiply(m, c->output == DOGBERRY_TIED ? table : db_layout_find(&m->layout, "lm_head.weight"), n, logits);
    for (uint32_t i = 0; i < c->vocab; i++) {
        sum += exp(logits[i]);
    }
    return log(sum) - logits[target];
}

/* ---- The test ---- */

typedef struct {
    const named_config *named;
    float *parameters;
    uint16_t inputs[TOKENS * STREAMS], targets[TOKENS * STREAMS];
    uint8_t resets[TOKENS * STREAMS];
    double wanted[TOKENS * STREAMS];
} fixture;

static fixture *make(const named_config *named)
{
    fixture *f = db_allocate(sizeof *f);
    slow_model *m = db_allocate(sizeof *m);
    db_random random;
    const db_model_config *c = &named->config;
    assert_int_equal(db_model_config_check(c, NULL), 0);
    f->named = named;
    db_layout_make(&m->layout, c);
    f->parameters = db_allocate(m->layout.parameters * sizeof(float));
    db_random_seed(&random, 3);
    for (size_t i = 0; i < m->layout.parameters; i++) {
        f->parameters[i] = (float)(db_random_unit(&random) - 0.5);
    }
    for (size_t i = 0; i < TOKENS * STREAMS; i++) {
        f->inputs[i] = (uint16_t)db_random_below(&random, c->vocab);
        f->targets[i] = (uint16_t)db_random_below(&random, c->vocab);
        f->resets[i] = db_random_below(&random, 25) == 0;
    }
    m->config = c;
    m->parameters = f->parameters;
    for (size_t b = 0; b < STREAMS; b++) {
        m->kept = 0;
        m->position = 77;
        for (size_t i = b; i < TOKENS * STREAMS; i += STREAMS) {
            f->wanted[i] = step(m, f->resets[i], f->inputs[i], f->targets[i]);
        }
    }
    free(m);
    return f;
}

static void drop(fixture *f)
{
    free(f->parameters);
    free(f);
}

static void expect(const fixture *f, size_t i, double got)
{
    if (!(fabs(got - f->wanted[i]) < 1e-4)) {
        fail_msg("%s: token %zu of stream %zu: %g, not %g", f->named->name, i / STREAMS, i % STREAMS, got,
                 f->wanted[i]);
    }
}

/* Windows of all lengths must give what single tokens do. */
static void windows_are_as_defined(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        fixture *f = make(&cases[n]);
        db_pass *pass = db_pass_new(&f->named->config, STREAMS, 23, false);
        const uint32_t lengths[] = {1, 23, 2, 17, 9, 8};
        float nats[23 * STREAMS];
        for (size_t at = 0, i = 0; at < TOKENS; at += lengths[i++]) {
            const size_t from = at * STREAMS;
            const db_window window = {lengths[i], f->inputs + from, f->targets + from, f->resets + from};
            db_pass_loss(pass, f->parameters, &window, nats);
            for (size_t k = 0; k < lengths[i] * STREAMS; k++) {
                expect(f, from + k, (double)nats[k]);
            }
        }
        db_pass_free(pass);
        drop(f);
    }
}

static double nats_of(uint32_t vocab, const float *logits, uint16_t target)
{
    double sum = 0;
    for (uint32_t i = 0; i < vocab; i++) {
        sum += exp((double)logits[i]);
    }
    return log(sum) - (double)logits[target];
}

/* Steps of generation have no resets, so each document is a pass of its own. */
static void steps_are_as_defined(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        fixture *f = make(&cases[n]);
        db_pass *pass = db_pass_new(&f->named->config, 1, 1, false);
        float logits[31];
        for (size_t i = 0; i < TOKENS * STREAMS; i += STREAMS) {
            if (f->resets[i]) {
                db_pass_zero_state(pass);
            }
            db_pass_step(pass, f->parameters, &f->inputs[i], logits);
            expect(f, i, nats_of(31, logits, f->targets[i]));
        }
        db_pass_free(pass);
        drop(f);
    }
}

/* A gradient's window neither sees nor leaves anything. */
static void gradients_stand_alone(void **state)
{
    (void)state;
    fixture *f = make(&cases[1]);
    const db_model_config *c = &f->named->config;
    const db_dropout none = {.embedding = 0};
    db_pass *pass = db_pass_new(c, STREAMS, 9, false);
    float *gradient = db_allocate(db_model_config_trained(c) * sizeof(float)), nats[9 * STREAMS];
    const db_window window = {9, f->inputs, f->targets, f->resets};
    const double alone = db_pass_gradient(pass, f->parameters, &window, &none, 1, 1, gradient);
    const double first = db_pass_loss(pass, f->parameters, &window, nats);
    const double again = db_pass_gradient(pass, f->parameters, &window, &none, 1, 1, gradient);
    assert_true(fabs(alone - first) < 1e-3);
    assert_true(alone == again);
    const db_window next = {9, f->inputs + 9 * STREAMS, f->targets + 9 * STREAMS, f->resets + 9 * STREAMS};
    db_pass_loss(pass, f->parameters, &next, nats);
    for (size_t i = 0; i < 9 * STREAMS; i++) {
        expect(f, 9 * STREAMS + i, (double)nats[i]);
    }
    assert_int_equal(db_pass_state_count(pass), 0);
    free(gradient);
    db_pass_free(pass);
    drop(f);
}

/* Streams one after another give what they give together. */
static void gradients_add_up(void **state)
{
    (void)state;
    enum { STEPS = 9 };
    fixture *f = make(&cases[2]);
    const db_model_config *c = &f->named->config;
    const db_dropout none = {.embedding = 0};
    const size_t count = db_model_config_trained(c);
    db_pass *all = db_pass_new(c, STREAMS, STEPS, false), *one = db_pass_new(c, 1, STEPS, false);
    float *together = db_allocate(count * sizeof(float)), *apart = db_allocate(count * sizeof(float));
    const db_window window = {STEPS, f->inputs, f->targets, f->resets};
    const double nats = db_pass_gradient(all, f->parameters, &window, &none, 1, 1, together);
    double sum = 0;
    for (size_t b = 0; b < STREAMS; b++) {
        uint16_t inputs[STEPS], targets[STEPS];
        uint8_t resets[STEPS];
        for (size_t t = 0; t < STEPS; t++) {
            inputs[t] = f->inputs[t * STREAMS + b];
            targets[t] = f->targets[t * STREAMS + b];
            resets[t] = f->resets[t * STREAMS + b];
        }
        const db_window part = {STEPS, inputs, targets, resets};
        sum += (b == 0 ? db_pass_gradient : db_pass_gradient_add)(one, f->parameters, &part, &none, 1, 1, apart);
    }
    assert_true(fabs(nats - sum) < 1e-3);
    for (size_t i = 0; i < count; i++) {
        assert_true(fabs((double)(together[i] - apart[i])) < 1e-3);
    }
    free(together);
    free(apart);
    db_pass_free(all);
    db_pass_free(one);
    drop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_as_defined),
        cmocka_unit_test(steps_are_as_defined),
        cmocka_unit_test(gradients_stand_alone),
        cmocka_unit_test(gradients_add_up),
    };
    return cmocka_run_group_tests_name("transformer", tests, NULL, NULL);
}
