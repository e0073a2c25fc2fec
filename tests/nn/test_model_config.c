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

static void tensors_fill_the_layout_without_gaps(void **state)
{
    (void)state;
    const db_model_config config = {DOGBERRY_GRU, DOGBERRY_FACTORED, 100, 7, 9, 4, 10};
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
    const db_model_config good = {DOGBERRY_LSTM, DOGBERRY_DENSE, 100, 8, 8, 1, 0};
    db_model_config c = good;
    c.architecture = 3;
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
    assert_int_equal(db_model_config_check(&good, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_have_their_sizes),
        cmocka_unit_test(tensors_fill_the_layout_without_gaps),
        cmocka_unit_test(impossible_configs_are_refused),
    };
    return cmocka_run_group_tests_name("model config", tests, NULL, NULL);
}
