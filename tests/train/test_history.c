/*
 * history.jsonl parses line by line; curve.svg is well-formed and holds both lines.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "train/diagnose.h"
#include "train/history.h"

static db_history made_up(size_t count)
{
    db_history history = {NULL, 0, 0};
    for (size_t i = 0; i < count; i++) {
        const double x = (double)(i + 1);
        const db_history_record record = {.step = 100 * (i + 1),
                                          .words = 5000 * (i + 1),
                                          .epoch = x,
                                          .seconds = 10 * x,
                                          .train_loss = 4 + 3 / x,
                                          .validation_loss = i % 3 == 1 ? NAN : 4.2 + 2 / x,
                                          .learning_rate = 0.001,
                                          .words_per_second = 20000};
        db_history_add(&history, &record);
    }
    return history;
}

static char *written(const db_history *history, int (*write)(const db_history *, const char *, db_error *))
{
    char path[64];
    void *bytes;
    size_t length;
    snprintf(path, sizeof path, "history_test.%ld", (long)getpid());
    assert_int_equal(write(history, path, NULL), 0);
    assert_int_equal(db_file_read(path, &bytes, &length, NULL), 0);
    remove(path);
    assert_int_equal(strlen(bytes), length);
    return bytes;
}

static void every_line_is_an_object(void **state)
{
    (void)state;
    db_history history = made_up(7);
    char *text = written(&history, db_history_write), *rest = NULL;
    size_t lines = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest), lines++) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        assert_int_equal(json_integer_value(json_object_get(object, "step")), 100 * (lines + 1));
        json_t *validation = json_object_get(object, "validation_loss");
        assert_true(lines % 3 == 1 ? json_is_null(validation) : json_is_number(validation));
        assert_true(fabs(json_number_value(json_object_get(object, "train_loss")) - 4 - 3.0 / (double)(lines + 1)) <
                    1e-4);
        json_decref(object);
    }
    assert_int_equal(lines, 7);
    free(text);
    db_history_free(&history);
}

/* Enough of an XML parser: tags nest, attributes are quoted, no stray characters. Returns the number of elements. */
static size_t check_xml(const char *at)
{
    const char *open[32];
    size_t depth = 0, elements = 0;
    while (*at != '\0') {
        if (*at++ != '<') {
            assert_true(at[-1] != '&' && (depth > 0 || isspace((unsigned char)at[-1])));
            continue;
        }
        const bool closing = *at == '/';
        at += closing;
        const char *name = at;
        const size_t length = strcspn(at, " />");
        bool quoted = false;
        while (quoted || *at != '>') {
            assert_true(*at != '\0' && *at != '<');
            quoted ^= *at++ == '"';
        }
        if (closing) {
            assert_true(depth > 0 && strncmp(open[--depth], name, length) == 0);
        } else {
            elements++;
            if (at[-1] != '/') {
                assert_true(depth < 32);
                open[depth++] = name;
            }
        }
        at++;
    }
    assert_int_equal(depth, 0);
    return elements;
}

static void the_curve_is_well_formed(void **state)
{
    (void)state;
    for (size_t count = 0; count < 40; count += 1 + count) {
        db_history history = made_up(count);
        char *text = written(&history, db_curve_write);
        assert_true(check_xml(text) > 10);
        assert_non_null(strstr(text, "validation"));
        assert_null(strstr(text, "nan"));
        assert_null(strstr(text, "inf"));
        free(text);
        db_history_free(&history);
    }
}

static void diagnose(const double train[4], const double validation[4], char line[DB_DIAGNOSIS_LINE])
{
    db_history history = {NULL, 0, 0};
    for (size_t i = 0; i < 4; i++) {
        const db_history_record record = {
            .epoch = (double)i + 1, .train_loss = train[i], .validation_loss = validation[i]};
        db_history_add(&history, &record);
    }
    db_diagnose_history(&history, line);
    db_history_free(&history);
}

static void the_course_of_losses_is_explained(void **state)
{
    (void)state;
    char line[DB_DIAGNOSIS_LINE];
    diagnose((double[]){5, 4, 3, 2}, (double[]){5, 4.4, 4.5, 4.9}, line);
    assert_non_null(strstr(line, "overfitted after epoch 2.0"));
    diagnose((double[]){5, 4.6, 4.4, 4.3}, (double[]){5, 4.6, 4.4, 4.3}, line);
    assert_non_null(strstr(line, "still learning"));
    diagnose((double[]){5, 4.5, 4.3, 4.25}, (double[]){5, 4.5, 4.41, 4.4}, line);
    assert_string_equal(line, "");
}

static void small_texts_are_noticed(void **state)
{
    (void)state;
    char line[DB_DIAGNOSIS_LINE];
    const db_model_config *config = &db_preset_find("dogberry")->config;
    db_diagnose_text(config, 1000000, line);
    assert_string_equal(line, "");
    db_diagnose_text(config, 60000, line);
    assert_non_null(strstr(line, "preset word-1k"));
    db_diagnose_text(config, 100, line);
    assert_non_null(strstr(line, "preset char"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_an_object),
        cmocka_unit_test(the_curve_is_well_formed),
        cmocka_unit_test(the_course_of_losses_is_explained),
        cmocka_unit_test(small_texts_are_noticed),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
