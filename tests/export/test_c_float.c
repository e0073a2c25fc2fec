/* The float headers, compiled and run by the machine's C compiler, give the logits of the host's own forward pass.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../pack/tiny_model.h"
#include "export/c_float.h"
#include "nn/model.h"
#include "text/section.h"

static const uint16_t TOKENS[] = {1, 7, 12, 3, 20, 7};
enum { COUNT = sizeof TOKENS / sizeof *TOKENS };

static const db_model_config PLAIN = {
    .architecture = DOGBERRY_LSTM, .output = DOGBERRY_DENSE, .embedding = 13, .hidden = 21, .layers = 1};

/* Compiles float_step.c with the headers in `folder` and opens what it prints for TOKENS. */
static FILE *run_step(const char *folder)
{
    char command[1024];
    int used = snprintf(command, sizeof command,
                        "cc -std=c99 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -I%s %s/export/float_step.c -o "
                        "%s/step -lm && %s/step",
                        folder, TESTS_DIR, folder, folder);
    for (size_t i = 0; i < COUNT; i++)
        used += snprintf(command + used, sizeof command - (size_t)used, " %u", TOKENS[i]);
    return popen(command, "r");
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"model_weights_word.h", "vocab_data_word.h", "step"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void headers_give_the_host_s_logits(void **state)
{
    (void)state;
    char folder[] = "/tmp/dogberry-float-XXXXXX";
    db_model_dir model;
    db_package package = {0};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(tiny_model(&model, PLAIN, 5, NULL), 0);
    assert_int_equal(db_c_float_add(&package, &model, NULL), 0);
    assert_int_equal(db_package_write(&package, folder, false, NULL), 0);

    const uint32_t vocab = model.config.vocab;
    real *logits = db_allocate(vocab * sizeof *logits),
         *parameters = db_allocate(model.layout.parameters * sizeof(real));
    for (size_t i = 0; i < model.layout.parameters; i++)
        parameters[i] = (real)model.parameters[i];
    db_pass *pass = db_pass_new(&model.config, 1, 1, false);
    for (size_t i = 0; i < COUNT; i++)
        db_pass_step(pass, parameters, &TOKENS[i], logits);

    FILE *output = run_step(folder);
    assert_non_null(output);
    for (uint32_t v = 0; v < vocab; v++) {
        double got;
        assert_int_equal(fscanf(output, "%lf", &got), 1);
        if (!(fabs(got - (double)logits[v]) <= 1e-5 * fmax(1, fabs(got))))
            fail_msg("logit %u: %.9g instead of %.9g", v, got, (double)logits[v]);
    }
    assert_int_equal(fgetc(output), '\n');
    for (uint32_t v = 0; v < vocab; v++) {
        size_t length;
        const char *key = db_section_key(&model.tokenizer, v, &length);
        for (size_t i = 0; i < length; i++)
            assert_int_equal(fgetc(output), (unsigned char)key[i]);
        assert_int_equal(fgetc(output), 0);
    }
    assert_int_equal(pclose(output), 0);

    db_pass_free(pass);
    free(logits);
    free(parameters);
    db_package_free(&package);
    db_model_dir_free(&model);
    remove_folder(folder);
}

static void other_models_are_refused(void **state)
{
    (void)state;
    static const uint32_t kinds[][3] = {
        {DOGBERRY_GRU, DOGBERRY_DENSE, 1}, {DOGBERRY_LSTM, DOGBERRY_FACTORED, 1}, {DOGBERRY_LSTM, DOGBERRY_DENSE, 2}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        db_model_dir model;
        db_package package = {0};
        db_error error = {""};
        db_model_config config = PLAIN;
        config.architecture = kinds[i][0];
        config.output = kinds[i][1];
        config.layers = kinds[i][2];
        config.classes = config.output == DOGBERRY_FACTORED ? 5 : 0;
        assert_int_equal(tiny_model(&model, config, 5, NULL), 0);
        assert_int_equal(db_c_float_add(&package, &model, &error), -1);
        assert_non_null(strstr(error.message, "one LSTM layer"));
        assert_int_equal(package.count, 0);
        db_package_free(&package);
        db_model_dir_free(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_give_the_host_s_logits),
        cmocka_unit_test(other_models_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
