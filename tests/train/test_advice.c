/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "train/advice.h"

/* A text and a model that suit each other: nothing to say. */
typedef struct {
    db_model_config config;
    db_coverage coverage;
    db_advice_text text;
    db_advice_run run;
    db_advice advice;
} facts;

static facts sound(void)
{
    return (facts){
        .config = db_preset_find("dogberry")->config,
        .coverage = {{1000, 2000, 4000, 8000}, {0.83, 0.89, 0.93, 0.97}, 1000000, 25000},
        .text = {.tokenizer = DOGBERRY_WORD, .unknown_share = 0.04, .held_out_tokens = 50000},
        .run = {.training_loss = 4.0, .validation_loss = 4.3, .fall = 0.1, .evaluations = 5, .rate = 0.004},
    };
}

static const char *advise(facts *f)
{
    f->text.config = &f->config;
    f->text.coverage = &f->coverage;
    f->advice.count = 0;
    db_advise_text(&f->advice, &f->text);
    db_advise_run(&f->advice, &f->text, &f->run);
    return f->advice.count ? f->advice.lines[0] : "";
}

static void says(facts *f, const char *first, const char *second)
{
    const char *line = advise(f);
    assert_int_equal(f->advice.count, 1);
    assert_non_null(strstr(line, first));
    assert_non_null(strstr(line, second));
}

static void test_silent_when_sound(void **state)
{
    (void)state;
    facts f = sound();
    assert_string_equal(advise(&f), "");
}

static void test_held_out(void **state)
{
    (void)state;
    facts f = sound();
    f.text.held_out_same = true;
    f.text.held_out_twins = 1;
    says(&f, "word for word", "--val");
    f.text.held_out_same = false;
    f.text.held_out_documents = 7;
    f.text.leaked = 0.9;
    says(&f, "1 of 7 held-out documents", "--dedupe");
    f.text.held_out_twins = 0;
    says(&f, "90 %", "8 words in a row");
    f.text.leaked = 0.4;
    assert_string_equal(advise(&f), "");
    f = sound();
    f.text.held_out_tokens = 999;
    says(&f, "999 tokens", "chance");
}

static void test_unknown_words(void **state)
{
    (void)state;
    facts f = sound();
    f.text.unknown_share = 0.089;
    says(&f, "8.9 %", "--vocab 8000 would cover 97.0 %");
    f.coverage.types = 12000;
    says(&f, "8.9 %", "up to --vocab 6004");
    f.config.vocab = 6004;
    says(&f, "8.9 %", "too small to teach more");
    f.text.sizes_fixed = true;
    says(&f, "keeps its vocabulary", "both texts");
    f = sound();
    f.text.unknown_share = 0.1;
    f.text.tokenizer = DOGBERRY_CHAR;
    says(&f, "characters", "bpe");
    f.text.tokenizer = DOGBERRY_BPE;
    assert_string_equal(advise(&f), "");
}

static void test_rare_words(void **state)
{
    (void)state;
    facts f = sound();
    f.coverage.types = 5000;
    says(&f, "once or twice", "--vocab 2504");
}

static void test_course(void **state)
{
    (void)state;
    facts f = sound();
    f.run.rollbacks = 3;
    says(&f, "not a number 3 times", "--rate 0.001 ");
    f.run.diverged = true;
    says(&f, "never a number", "--rate 0.0004");
    f = sound();
    f.config = db_preset_find("word-1k")->config;
    f.run.fall = 0;
    f.run.training_loss = 4.4;
    f.coverage.tokens = 20000000;
    says(&f, "small for this text", "preset ");
    f.coverage.types = 2000;
    says(&f, "small for this text", "--hidden");
    facts small = f;
    f.run.fall = 0.02;
    assert_string_equal(advise(&f), "");
    f = small;
    f.run.evaluations = 2;
    assert_string_equal(advise(&f), "");
    f = small;
    f.run.training_loss = 4.2;
    assert_string_equal(advise(&f), "");
    f = small;
    f.coverage.tokens = 500000;
    assert_string_equal(advise(&f), "");
    f = small;
    f.text.sizes_fixed = true;
    assert_string_equal(advise(&f), "");
}

static void test_presets(void **state)
{
    (void)state;
    assert_int_equal(db_advice_preset(false, 1000000, 25000)->config.vocab, 8000);
    assert_int_equal(db_advice_preset(false, 1000000, 9000)->config.vocab, 4000);
    assert_int_equal(db_advice_preset(false, 1000000, 3000)->config.vocab, 1000);
    assert_int_equal(db_advice_preset(false, 5000, 25000)->tokenizer, DOGBERRY_CHAR);
    assert_int_equal(db_advice_preset(false, 1000, 300)->tokenizer, DOGBERRY_CHAR);
}

static void test_lines_are_kept_once(void **state)
{
    (void)state;
    db_advice advice = {.count = 0};
    db_advice_add(&advice, "line %d", 1);
    db_advice_add(&advice, "line %d", 1);
    assert_int_equal(advice.count, 1);
    for (int i = 0; i < 2 * DB_ADVICE_LINES; i++)
        db_advice_add(&advice, "line %d", i);
    assert_int_equal(advice.count, DB_ADVICE_LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent_when_sound),
        cmocka_unit_test(test_held_out),
        cmocka_unit_test(test_unknown_words),
        cmocka_unit_test(test_rare_words),
        cmocka_unit_test(test_course),
        cmocka_unit_test(test_presets),
        cmocka_unit_test(test_lines_are_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
