/*
 * Presets have the sizes they promise; impossible configs are refused by name.
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

#include "nn/config.h"

static size_t parameters_of(const char *name)
{
    db_layout layout;
    const db_preset *preset = db_preset_find(name);
    assert_non_null(preset);
    assert_int_equal(db_model_config_check(&preset->config, NULL), 0);
    db_layout_make(&layout, &preset->config);
    assert_int_equal(db_model_config_trained(&preset->config), layout.trained);
    return layout.trained;
}

static void presets_have_their_sizes(void **state)
{
    (void)state;
    assert_int_equal(parameters_of("dogberry"), 1612704);
    assert_int_equal(parameters_of("dogberry-fast"), 1612704 + 64 * 257);
    assert_int_equal(parameters_of("word-1k"), 1000 * 64 + 512 * (64 + 128 + 1) + 1000 * 129);
    assert_int_equal(parameters_of("word-8k"), 8000 * 64 + 1024 * (64 + 256 + 1) + 8000 * 257);
    assert_int_equal(parameters_of("char"), 52 * 32 + 512 * (32 + 128 + 1) + 52 * 129);
    assert_null(db_preset_find("dogbery"));
}

typedef struct {
    const char *name;
    size_t parameters;
} named_size;

static const named_size transformers[] = {
    {"story-1k", 1280},        {"story-3k", 2880},       {"story-4k", 3920},         {"chat-8k", 8192},
    {"chat-10k", 10368},       {"chat-13k", 12800},      {"chat-18k", 18432},        {"assistant-45k", 45056},
    {"assistant-57k", 57024},  {"assistant-70k", 70400}, {"assistant-101k", 101376}, {"expert-229k", 229376},
    {"expert-1310k", 1310720},
};

/* The size that a name promises: the number before its k, in thousands. */
static double promised(const char *name)
{
    return 1000 * strtod(strchr(name, '-') + 1, NULL);
}

static void transformers_have_the_sizes_in_their_names(void **state)
{
    (void)state;
    const size_t count = sizeof transformers / sizeof *transformers;
    for (size_t i = 0; i < count; i++) {
        const named_size *wanted = &transformers[i];
        const size_t parameters = parameters_of(wanted->name);
        const double name = promised(wanted->name), off = fabs((double)parameters - name);
        assert_int_equal(parameters, wanted->parameters);
        /* Within 5 %; of one thousand, whose name can say no more, by rounding. */
        if (!(off <= 0.05 * name || (name <= 1000 && off < 500))) {
            fail_msg("%s has %zu parameters", wanted->name, parameters);
        }
    }
    size_t found = 0;
    for (const db_preset *preset = db_presets(); preset->name != NULL; preset++) {
        found += preset->config.architecture == DOGBERRY_TRANSFORMER;
    }
    assert_int_equal(found, count);
}

static void tensors_fill_the_layout_without_gaps(void **state)
{
    (void)state;
    const db_model_config config = {.architecture = DOGBERRY_GRU,
                                    .output = DOGBERRY_FACTORED,
                                    .vocab = 100,
                                    .embedding = 7,
                                    .hidden = 9,
                                    .layers = 4,
                                    .classes = 10};
    db_layout layout;
    db_layout_make(&layout, &config);
    size_t at = 0;
    for (size_t i = 0; i < layout.count; i++) {
        assert_int_equal(layout.tensors[i].offset, at);
        at += (size_t)layout.tensors[i].rows * layout.tensors[i].cols;
    }
    assert_int_equal(at, layout.parameters);
    const db_tensor *inner = db_layout_find(&layout, "layers.3.weight_input");
    assert_int_equal(inner->rows, 27);
    assert_int_equal(inner->cols, 9);
}

static void refuse(const db_model_config *config, const char *field)
{
    db_error error = {""};
    assert_int_equal(db_model_config_check(config, &error), -1);
    if (strstr(error.message, field) == NULL) {
        fail_msg("\"%s\" does not name %s", error.message, field);
    }
}

static void impossible_configs_are_refused(void **state)
{
    (void)state;
    const db_model_config good = {.architecture = DOGBERRY_LSTM,
                                  .output = DOGBERRY_DENSE,
                                  .vocab = 100,
                                  .embedding = 8,
                                  .hidden = 8,
                                  .layers = 1};
    db_model_config c = good;
    c.architecture = 4;
    refuse(&c, "architecture");
    c = good;
    c.vocab = 15;
    refuse(&c, "vocab");
    c = good;
    c.hidden = 0;
    refuse(&c, "hidden");
    c = good;
    c.layers = DOGBERRY_LAYERS_MAX + 1;
    refuse(&c, "layers");
    c = good;
    c.output = DOGBERRY_TIED;
    c.embedding = 7;
    refuse(&c, "tied");
    c = good;
    c.classes = 5;
    refuse(&c, "classes");
    c = good;
    c.heads = 2;
    refuse(&c, "heads");
    assert_int_equal(db_model_config_check(&good, NULL), 0);
}

static void impossible_transformers_are_refused(void **state)
{
    (void)state;
    const db_model_config good = db_preset_find("chat-10k")->config;
    db_model_config c = good;
    c.heads = 4; /* of 18 */
    refuse(&c, "heads do not divide");
    c = good;
    c.kv_heads = 2; /* of 3 */
    refuse(&c, "keys and values do not divide");
    c = good;
    c.kv_heads = 4;
    refuse(&c, "kv_heads");
    c = good;
    c.context = 0;
    refuse(&c, "context");
    c = good;
    c.context = DB_CONTEXT_MAX + 1;
    refuse(&c, "context");
    c = good;
    c.feed_forward = 5;
    refuse(&c, "feed_forward");
    c = good;
    c.rotary_base = 100000001;
    refuse(&c, "rotary_base");
    c = good;
    c.layers = DB_LAYERS_MAX + 1;
    refuse(&c, "layers");
    c = good;
    c.output = DOGBERRY_FACTORED;
    c.classes = 12;
    refuse(&c, "output");
    assert_int_equal(db_model_config_check(&good, NULL), 0);
}

static void a_transformer_keeps_what_is_one_product_together(void **state)
{
    (void)state;
    db_model_config config = db_preset_find("chat-8k")->config;
    db_layout layout;
    config.feed_forward = DB_SWIGLU;
    config.kv_heads = 2;
    config.output = DOGBERRY_DENSE;
    db_layout_make(&layout, &config);
    const db_tensor *q = db_layout_find_block(&layout, 1, "self_attn.q_proj");
    const db_tensor *k = db_layout_find_block(&layout, 1, "self_attn.k_proj");
    const db_tensor *v = db_layout_find_block(&layout, 1, "self_attn.v_proj");
    const db_tensor *gate = db_layout_find_block(&layout, 0, "mlp.gate_proj");
    const db_tensor *up = db_layout_find_block(&layout, 0, "mlp.up_proj");
    assert_int_equal(k->rows, 8);
    assert_int_equal(k->offset, q->offset + 16 * 16);
    assert_int_equal(v->offset, k->offset + 8 * 16);
    assert_int_equal(up->offset, gate->offset + 64 * 16);
    assert_string_equal(layout.tensors[0].name, "model.embed_tokens.weight");
    assert_int_equal(db_layout_find(&layout, "lm_head.weight")->rows, 128);
    assert_int_equal(layout.parameters, 2 * 128 * 16 + 2 * (2 * 16 * 16 + 2 * 8 * 16 + 3 * 16 * 64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_have_their_sizes),
        cmocka_unit_test(transformers_have_the_sizes_in_their_names),
        cmocka_unit_test(impossible_transformers_are_refused),
        cmocka_unit_test(a_transformer_keeps_what_is_one_product_together),
        cmocka_unit_test(tensors_fill_the_layout_without_gaps),
        cmocka_unit_test(impossible_configs_are_refused),
    };
    return cmocka_run_group_tests_name("model config", tests, NULL, NULL);
}
