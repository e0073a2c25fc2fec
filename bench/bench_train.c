/*
 * Training speed of a preset beside what the machine's own sgemm can do.
 *
 *     bench_train [PRESET [THREADS [SECONDS [BATCH [WINDOW]]]]]
 *
 * A word costs 6 floating point operations per weight of a matrix: one product forward, two backward, two
 * operations each. Tokens are random, which makes no difference to speed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/cpu.h"
#include "nn/linear.h"
#include "train/train.h"

enum { SIZE = 1024, TOKENS = 400000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Each thread multiplies matrices of its own, which is the most that can be had. Returns operations per second, the
 * best of some rounds. */
static double sgemm_rate(int threads, double seconds)
{
    enum { ROUND = 10 };
    const size_t count = (size_t)SIZE * SIZE;
    float *memory = db_allocate((size_t)threads * 3 * count * sizeof *memory);
    for (size_t i = 0; i < (size_t)threads * 3 * count; i++) {
        memory[i] = (float)(i % 17) / 17;
    }
    double best = 0;
    const double end = now() + seconds;
    do {
        const double start = now();
#pragma omp parallel for num_threads(threads) schedule(static, 1)
        for (int t = 0; t < threads; t++) {
            float *a = memory + (size_t)t * 3 * count, *b = a + count, *c = b + count;
            for (int i = 0; i < ROUND; i++) {
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1, a, SIZE, b, SIZE, 0, c,
                            SIZE);
            }
        }
        best = fmax(best, ROUND * threads * 2.0 * pow(SIZE, 3) / (now() - start));
    } while (now() < end);
    free(memory);
    return best;
}

static double operations_per_word(const db_model_config *config)
{
    const double gates = config->architecture == DOGBERRY_LSTM ? 4 : 3, h = config->hidden;
    double weights = (double)config->vocab * h;
    for (uint32_t l = 0; l < config->layers; l++) {
        weights += gates * h * ((l == 0 ? config->embedding : h) + h);
    }
    return 6 * weights;
}

typedef struct {
    double seconds;
} stopwatch;

static int watch(void *user, const db_train_progress *progress)
{
    const stopwatch *w = user;
    return progress->elapsed > w->seconds;
}

/* Returns words per second over the whole of a run. */
static double training_rate(const db_model_config *config, db_train_options *options, double seconds, bool half)
{
    static const db_sequence nothing = {NULL, 0, 1, 1};
    db_layout layout;
    db_random random;
    db_train_result result;
    db_error error;
    stopwatch w = {seconds};
    const db_train_callbacks callbacks = {.user = &w, .progress = watch};
    uint16_t *ids = db_allocate(TOKENS * sizeof *ids);
    db_random_seed(&random, 1);
    for (size_t i = 0; i < TOKENS; i++) {
        ids[i] = (uint16_t)db_random_below(&random, config->vocab);
    }
    const db_sequence text = {ids, TOKENS, 1, 1};
    db_layout_make(&layout, config);
    float *parameters = db_allocate(layout.parameters * sizeof *parameters);
    db_train_initialize(config, 1, parameters);
    options->half = half;
    if (db_train_run(config, parameters, &text, &nothing, options, &callbacks, &result, &error)) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    free(parameters);
    free(ids);
    return (double)result.last.words / result.seconds;
}

static void report(const char *precision, double words, double operations, double sgemm)
{
    printf("training, %-8s %9.0f words/s  %7.1f GFLOP/s  %4.0f %% of sgemm\n", precision, words,
           words * operations * 1e-9, 100 * words * operations / sgemm);
}

/* OpenBLAS reads its environment while the program loads: start over with the right choice in it. */
static void restart_with_blas_core(char **arguments)
{
    const char *core = db_cpu_blas_core();
    if (core != NULL && getenv("OPENBLAS_CORETYPE") == NULL) {
        setenv("OPENBLAS_CORETYPE", core, 1);
        execv("/proc/self/exe", arguments);
    }
}

int main(int count, char **arguments)
{
    restart_with_blas_core(arguments);
    const char *name = count > 1 ? arguments[1] : "dogberry";
    const db_preset *preset = db_preset_find(name);
    const int threads = count > 2 ? atoi(arguments[2]) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    const double seconds = count > 3 ? atof(arguments[3]) : 15;
    if (preset == NULL || threads < 1) {
        fprintf(stderr, "usage: bench_train [PRESET [THREADS [SECONDS [BATCH [WINDOW]]]]]\n");
        return 2;
    }
    db_train_options options;
    db_train_defaults(&options, &preset->config, TOKENS);
    options.threads = (uint32_t)threads;
    options.steps = 1000000;
    options.batch = count > 4 ? (uint32_t)atoi(arguments[4]) : options.batch;
    options.window = count > 5 ? (uint32_t)atoi(arguments[5]) : options.window;
    const double operations = operations_per_word(&preset->config);
    const int before = db_linear_set_threads(1);
    const double sgemm = sgemm_rate(threads, fmin(seconds, 5));
    db_linear_set_threads(before);
    printf("preset %s: %.2f MFLOP a word; batch %u, window %u, %d threads; OpenBLAS %s\n", name, operations * 1e-6,
           options.batch, options.window, threads, openblas_get_corename());
    printf("sgemm, %d x %d x %d                       %7.1f GFLOP/s\n", SIZE, SIZE, SIZE, sgemm * 1e-9);
    report("float", training_rate(&preset->config, &options, seconds, false), operations, sgemm);
    if (db_linear_has_half()) {
        report("bfloat16", training_rate(&preset->config, &options, seconds, true), operations, sgemm);
    }
    return 0;
}
