/*
 * A run that is killed again and again ends with the very weights of one that was not.
 *
 * Every run is a process of its own: threads do not survive a fork.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "dogberry.h"
#include "tiny_text.h"
#include "train/rounding.h"
#include "train/train.h"

enum { KILLS = 60 };

static const db_model_config tiny = {.architecture = DOGBERRY_LSTM,
                                     .output = DOGBERRY_DENSE,
                                     .vocab = TINY_VOCAB,
                                     .embedding = 8,
                                     .hidden = 16,
                                     .layers = 1};

static const db_model_config transformer = {.architecture = DOGBERRY_TRANSFORMER,
                                            .output = DOGBERRY_TIED,
                                            .vocab = TINY_VOCAB,
                                            .embedding = 6,
                                            .hidden = 12,
                                            .layers = 2,
                                            .heads = 2,
                                            .kv_heads = 1,
                                            .context = 8,
                                            .feed_forward = DB_SWIGLU,
                                            .rotary_base = 10000};

typedef struct {
    const db_model_config *config;
    char folder[64];
    db_train_options options;
    uint32_t bits; /* that weights are rounded to, as for tuning; 0: none */
} setting;

static int set_up(void **state)
{
    setting *s = db_allocate(sizeof *s);
    snprintf(s->folder, sizeof s->folder, "resume_test.%ld", (long)getpid());
    s->config = &tiny;
    db_train_defaults(&s->options, s->config, TINY_COUNT);
    s->options.steps = 300;
    s->options.threads = 1;
    s->options.batch = 8;
    s->options.window = 8;
    s->options.resume = true;
    s->options.checkpoint_seconds = 0;
    s->options.snapshot_steps = 3;
    s->options.folder = s->folder;
    *state = s;
    return db_make_folder(s->folder, NULL);
}

static void remove_in(const char *folder, const char *name)
{
    char *path = db_path_join(folder, name);
    remove(path);
    free(path);
}

static void empty(const setting *s)
{
    const char *names[] = {"checkpoint.bin", "checkpoint.bin.part", "history.jsonl", "history.jsonl.part",
                           "curve.svg",      "curve.svg.part",      "weights",       "weights.part",
                           "error"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        remove_in(s->folder, names[i]);
    }
}

static int tear_down(void **state)
{
    setting *s = *state;
    empty(s);
    rmdir(s->folder);
    free(s);
    return 0;
}

/* In a child: trains and leaves the weights, or the error, in the folder. */
static void train_and_exit(const setting *s)
{
    uint16_t ids[TINY_COUNT], validation_ids[TINY_COUNT / 4];
    const db_sequence train = tiny_text(ids, TINY_COUNT, 1);
    const db_sequence validation = tiny_text(validation_ids, TINY_COUNT / 4, 2);
    db_layout layout;
    db_train_result result;
    db_error error = {""};
    db_layout_make(&layout, s->config);
    float *parameters = db_allocate(layout.parameters * sizeof(float));
    db_train_initialize(s->config, s->options.seed, parameters);
    db_train_options options = s->options;
    db_weight_rounding rounding;
    db_train_rounding hook;
    if (s->bits != 0) {
        db_weight_rounding_make(&rounding, s->config, parameters, &train, s->bits, options.threads);
        hook = db_weight_rounding_for_training(&rounding);
        options.rounding = &hook;
    }
    const int status = db_train_run(s->config, parameters, &train, &validation, &options, NULL, &result, &error);
    char *path = db_path_join(s->folder, status == 0 ? "weights" : "error");
    if (status == 0) {
        db_file_write(path, parameters, layout.parameters * sizeof(float), NULL);
    } else {
        db_file_write(path, error.message, strlen(error.message), NULL);
    }
    _exit(status == 0 ? 0 : 1);
}

static pid_t start(const setting *s)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        train_and_exit(s);
    }
    return child;
}

static int wait_for(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void *read_in(const setting *s, const char *name, size_t *length)
{
    void *bytes;
    char *path = db_path_join(s->folder, name);
    db_error error;
    if (db_file_read(path, &bytes, length, &error)) {
        fail_msg("%s", error.message);
    }
    free(path);
    return bytes;
}

/* Starts the run and kills it after `delay` nanoseconds. Returns whether it was alive until then. */
static bool start_and_kill(const setting *s, long delay)
{
    const pid_t child = start(s);
    const struct timespec pause = {delay / 1000000000, delay % 1000000000};
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    const int status = wait_for(child);
    if (!WIFSIGNALED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    return WIFSIGNALED(status);
}

static long nanoseconds_of_a_run(const setting *s)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(wait_for(start(s)), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    return (after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec;
}

static void kills_leave_no_trace(void **state)
{
    const setting *s = *state;
    const long whole = nanoseconds_of_a_run(s);
    size_t length, again_length;
    void *expected = read_in(s, "weights", &length), *history = read_in(s, "history.jsonl", &again_length);
    free(history);
    db_random random;
    db_random_seed(&random, 11);
    unsigned killed = 0, finished = 0;
    while (killed < KILLS || finished == 0) {
        if (finished > 0 || killed == 0) {
            empty(s);
            finished = 0;
        }
        bool alive = true;
        while (alive) {
            /* Up to a quarter of a run, so that every part of one is hit and it still gets on. */
            alive = start_and_kill(s, (long)db_random_below(&random, (uint64_t)whole / 4));
            killed += alive;
        }
        finished++;
        void *weights = read_in(s, "weights", &again_length);
        assert_int_equal(again_length, length);
        assert_memory_equal(weights, expected, length);
        free(weights);
    }
    free(expected);
}

static void threads_resume_alike(void **state)
{
    setting *s = *state;
    s->options.steps = 60;
    s->options.threads = 2;
    const long whole = nanoseconds_of_a_run(s);
    size_t length, again_length;
    void *expected = read_in(s, "weights", &length);
    empty(s);
    start_and_kill(s, whole / 2);
    assert_int_equal(wait_for(start(s)), 0);
    void *weights = read_in(s, "weights", &again_length);
    assert_int_equal(again_length, length);
    assert_memory_equal(weights, expected, length);
    free(weights);
    free(expected);
}

/* Every kind of dropout draws from what is carried over. */
static void transformers_resume_alike(void **state)
{
    setting *s = *state;
    s->config = &transformer;
    s->options.drop_embedding = s->options.drop_hidden = s->options.drop_attention = 0.1;
    threads_resume_alike(state);
}

static void refuse(const setting *s, const char *word)
{
    const int status = wait_for(start(s));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    size_t length;
    char *message = read_in(s, "error", &length);
    if (strstr(message, word) == NULL) {
        fail_msg("\"%s\" does not say %s", message, word);
    }
    free(message);
}

/* The same promise with weights rounded on the way. */
static void tuning_resumes_alike(void **state)
{
    setting *s = *state;
    s->bits = 4;
    s->options.steps = 120;
    const long whole = nanoseconds_of_a_run(s);
    size_t length, again_length;
    void *expected = read_in(s, "weights", &length);
    empty(s);
    for (int part = 1; part <= 8; part++) {
        start_and_kill(s, whole * part / 20);
    }
    assert_int_equal(wait_for(start(s)), 0);
    void *weights = read_in(s, "weights", &again_length);
    assert_int_equal(again_length, length);
    assert_memory_equal(weights, expected, length);
    s->bits = 8;
    refuse(s, "rounding = 4 bits");
    free(weights);
    free(expected);
}

/* And with a transformer's units measured anew at each snapshot. */
static void tuning_a_transformer_resumes_alike(void **state)
{
    setting *s = *state;
    s->config = &transformer;
    s->options.learning_rate = 0.01;
    tuning_resumes_alike(state);
}

static void changed_options_are_refused_by_name(void **state)
{
    setting *s = *state;
    s->options.steps = 30;
    assert_int_equal(wait_for(start(s)), 0);
    const db_train_options options = s->options;
    s->options.learning_rate *= 2;
    refuse(s, "learning rate");
    s->options = options;
    s->options.window = 9;
    refuse(s, "window = 9");
    s->options = options;
    s->options.drop_hidden = 0.5;
    refuse(s, "hidden dropout");
    s->options = options;
    s->options.steps = 31;
    refuse(s, "steps = 30");
    s->options = options;
    assert_int_equal(wait_for(start(s)), 0);
}

static void damage_is_noticed(void **state)
{
    setting *s = *state;
    s->options.steps = 30;
    assert_int_equal(wait_for(start(s)), 0);
    char *path = db_path_join(s->folder, "checkpoint.bin");
    size_t length;
    uint8_t *bytes = read_in(s, "checkpoint.bin", &length);
    const size_t lengths[] = {0, 7, 40, 200, length / 2, length - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        assert_int_equal(db_file_write(path, bytes, lengths[i], NULL), 0);
        refuse(s, "remove it to start anew");
    }
    for (size_t at = 0; at < length; at += 1 + length / 23) {
        bytes[at] ^= 0x10;
        assert_int_equal(db_file_write(path, bytes, length, NULL), 0);
        refuse(s, "remove it to start anew");
        bytes[at] ^= 0x10;
    }
    free(bytes);
    free(path);
}

/* Where files cannot be written the run goes on, to the same weights. */
static void unwritable_files_do_not_end_a_run(void **state)
{
    setting *s = *state;
    s->options.steps = 30;
    assert_int_equal(wait_for(start(s)), 0);
    size_t length, again_length;
    void *expected = read_in(s, "weights", &length);
    empty(s);
    char *path = db_path_join(s->folder, "checkpoint.bin.part");
    assert_int_equal(db_make_folder(path, NULL), 0);
    assert_int_equal(wait_for(start(s)), 0);
    rmdir(path);
    free(path);
    void *weights = read_in(s, "weights", &again_length);
    assert_int_equal(again_length, length);
    assert_memory_equal(weights, expected, length);
    free(weights);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kills_leave_no_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_resume_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(transformers_resume_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tuning_resumes_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tuning_a_transformer_resumes_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changed_options_are_refused_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unwritable_files_do_not_end_a_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_noticed, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
