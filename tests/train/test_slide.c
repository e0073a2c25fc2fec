/* What dropping the older half of a transformer's context costs: the comparison reads the other half anew.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/model.h"
#include "tiny_text.h"
#include "train/slide.h"

enum { CONTEXT = 7, COUNT = 60, END = 3 };

static const db_model_config CONFIG = {.architecture = DOGBERRY_TRANSFORMER,
                                       .output = DOGBERRY_TIED,
                                       .vocab = TINY_VOCAB,
                                       .embedding = 8,
                                       .hidden = 16,
                                       .layers = 2,
                                       .heads = 2,
                                       .kv_heads = 1,
                                       .context = CONTEXT,
                                       .feed_forward = DB_RELU2,
                                       .rotary_base = 100};

typedef struct {
    db_model_config config;
    float *parameters;
    uint16_t ids[COUNT];
    db_sequence text;
    float dropped[COUNT], anew[COUNT];
} subject;

/* Three documents: one shorter than the context, a long one, and one that has no end. */
static void set_up(subject *s, uint32_t layers)
{
    db_layout layout;
    s->config = CONFIG;
    s->config.layers = layers;
    db_layout_make(&layout, &s->config);
    s->parameters = db_allocate(layout.parameters * sizeof *s->parameters);
    db_random random;
    db_random_seed(&random, 5);
    for (size_t i = 0; i < layout.parameters; i++)
        s->parameters[i] = (float)(2 * db_random_unit(&random) - 1);
    for (uint16_t i = 0; i < COUNT; i++)
        s->ids[i] = (uint16_t)(4 + i * 7 % 9);
    s->ids[4] = s->ids[40] = END;
    s->text = (db_sequence){s->ids, COUNT, 2, END};
    db_evaluate(&s->config, s->parameters, &s->text, 1, s->dropped);
    db_evaluate_anew(&s->config, s->parameters, &s->text, s->anew);
}

static void losses_are_split_at_the_context(void **state)
{
    subject s;
    db_slide slide;
    (void)state;
    set_up(&s, 1);
    for (size_t i = 0; i < COUNT; i++)
        s.dropped[i] = (float)i;
    db_slide_split(&slide, &s.text, CONTEXT, s.dropped);
    assert_int_equal(slide.within.tokens, 5 + CONTEXT + CONTEXT);
    assert_int_equal(slide.behind.tokens, COUNT - slide.within.tokens);
    assert_true(slide.within.nats == 4 * 5 / 2.0 + (5 + 11) * 7 / 2.0 + (41 + 47) * 7 / 2.0);
    assert_true(slide.within.nats + slide.behind.nats == COUNT * (COUNT - 1) / 2.0);
    free(s.parameters);
}

/* Keys and values of a first layer know nothing of other tokens, so with one layer nothing is lost; with two,
 * something. */
static void only_deeper_layers_remember_what_was_dropped(void **state)
{
    (void)state;
    for (uint32_t layers = 1; layers <= 2; layers++) {
        subject s;
        double apart = 0;
        set_up(&s, layers);
        for (size_t i = 0; i < COUNT; i++)
            apart = fmax(apart, fabs((double)s.dropped[i] - (double)s.anew[i]));
        print_message("%u layers: %g nats apart at most\n", layers, apart);
        assert_true(layers == 1 ? apart < 1e-5 : apart > 1e-3);
        for (size_t i = 0; i < COUNT; i++) {
            const size_t start = i < 5 ? 0 : i < 41 ? 5 : 41;
            if (i - start < CONTEXT)
                assert_true(fabs((double)s.dropped[i] - (double)s.anew[i]) < 1e-5);
        }
        free(s.parameters);
    }
}

/* The token behind the context sees its predecessor and the half that stays, and nothing else. */
static void half_that_stays_is_all_there_is(void **state)
{
    enum { START = 5, AT = START + CONTEXT, KEPT = CONTEXT / 2 };
    subject s;
    float nats[KEPT + 1];
    uint16_t inputs[KEPT + 1];
    const uint8_t resets[KEPT + 1] = {1};
    (void)state;
    set_up(&s, 2);
    memcpy(inputs, s.ids + AT - KEPT - 1, sizeof inputs);
    db_pass *pass = db_pass_new(&s.config, 1, KEPT + 1, false);
    db_pass_loss(pass, s.parameters, &(db_window){KEPT + 1, inputs, s.ids + AT - KEPT, resets}, nats);
    assert_true(fabs((double)nats[KEPT] - (double)s.anew[AT]) < 1e-5);
    assert_true(fabs((double)nats[KEPT] - (double)s.dropped[AT]) > 1e-4);
    db_pass_free(pass);
    free(s.parameters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_split_at_the_context),
        cmocka_unit_test(only_deeper_layers_remember_what_was_dropped),
        cmocka_unit_test(half_that_stays_is_all_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
