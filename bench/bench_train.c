/*
 * Training speed of a preset beside what the machine's own sgemm can do.
 *
 *     bench_train [--profile] [PRESET [THREADS [SECONDS [BATCH [WINDOW]]]]]
 *
 * With --profile: where the time of a step goes, instead (transformers, and LSTM presets with a dense output).
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
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/linear.h"
#include "profile.h"
#include "start.h"
#include "train/train.h"

enum { TOKENS = 1 << 20 }; /* as many as the plays have, so that the trainer chooses as it does for them */

typedef struct {
    int m, n, k;
} shape;

/* Square ones, which suit most libraries best, and those of the trainer's own products. */
static const shape shapes[] = {{512, 512, 512},  {1024, 1024, 1024}, {2048, 2048, 512},
                               {256, 4000, 256}, {2048, 1024, 320},  {1024, 2048, 2048}};
enum { SHAPES = sizeof shapes / sizeof *shapes, LARGEST = 2048 * 2048 };

/* Operations per second at one shape: each thread multiplies matrices of its own, which is the most that can be had.
 * memory [threads][3][LARGEST]. */
static double shape_rate(shape s, int threads, float *memory)
{
    const double operations = 2.0 * s.m * s.n * s.k;
    const int rounds = (int)ceil(2e9 / operations);
    const double start = bench_now();
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        float *a = memory + (size_t)t * 3 * LARGEST, *b = a + LARGEST, *c = b + LARGEST;
        for (int i = 0; i < rounds; i++) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s.m, s.n, s.k, 1, a, s.k, b, s.n, 0, c, s.n);
        }
    }
    return rounds * threads * operations / (bench_now() - start);
}

/* Tries all shapes again and again. Returns the best rate seen, with its shape. */
static double sgemm_rate(int threads, double seconds, shape *which)
{
    float *memory = db_allocate((size_t)threads * 3 * LARGEST * sizeof *memory);
    for (size_t i = 0; i < (size_t)threads * 3 * LARGEST; i++) {
        memory[i] = (float)(i % 17) / 17;
    }
    double best = 0;
    const double end = bench_now() + seconds;
    do {
        for (size_t i = 0; i < SHAPES; i++) {
            const double rate = shape_rate(shapes[i], threads, memory);
            *which = rate > best ? shapes[i] : *which;
            best = fmax(best, rate);
        }
    } while (bench_now() < end);
    free(memory);
    return best;
}

/* Of products with weights; what attention does with keys and values is not counted. */
static double operations_per_word(const db_model_config *config)
{
    if (config->architecture == DOGBERRY_TRANSFORMER) { /* a tied table is read once as a matrix */
        const double table = config->output == DOGBERRY_TIED ? 0 : (double)config->vocab * config->embedding;
        return 6 * ((double)db_model_config_trained(config) - table);
    }
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

static int print_profile(const db_model_config *config, const db_train_options *options, double seconds)
{
    const bool lstm = config->architecture == DOGBERRY_LSTM && config->output == DOGBERRY_DENSE && config->layers == 1;
    if (!lstm && config->architecture != DOGBERRY_TRANSFORMER) {
        fprintf(stderr, "--profile knows transformers, and LSTM presets of one layer with a dense output\n");
        return 2;
    }
    db_linear_set_threads(1);
    printf("one thread's %u streams, window %u, %s; processor time\n", options->batch / options->threads,
           options->window, options->half ? "bfloat16" : "float");
    (lstm ? bench_profile_lstm : bench_profile_transformer)(config, options, seconds);
    return 0;
}

int main(int count, char **arguments)
{
    bench_restart_with_blas_core(arguments);
    const bool profile = count > 1 && strcmp(arguments[1], "--profile") == 0;
    count -= profile;
    arguments += profile;
    const char *name = count > 1 ? arguments[1] : "dogberry";
    const db_preset *preset = db_preset_find(name);
    const int threads = count > 2 ? atoi(arguments[2]) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    const double seconds = count > 3 ? atof(arguments[3]) : 15;
    if (preset == NULL || threads < 1) {
        fprintf(stderr, "usage: bench_train [--profile] [PRESET [THREADS [SECONDS [BATCH [WINDOW]]]]]\n");
        return 2;
    }
    db_train_options options;
    db_train_defaults(&options, &preset->config, TOKENS);
    options.threads = (uint32_t)threads;
    options.steps = 1000000;
    options.batch = count > 4 ? (uint32_t)atoi(arguments[4]) : options.batch;
    options.window = count > 5 ? (uint32_t)atoi(arguments[5]) : options.window;
    if (profile) {
        return print_profile(&preset->config, &options, seconds);
    }
    const double operations = operations_per_word(&preset->config);
    shape best = shapes[0];
    const int before = db_linear_set_threads(1);
    const double sgemm = sgemm_rate(threads, fmin(seconds, 5), &best);
    db_linear_set_threads(before);
    printf("preset %s: %.2f MFLOP a word; batch %u, window %u, %d threads; OpenBLAS %s\n", name, operations * 1e-6,
           options.batch, options.window, threads, openblas_get_corename());
    printf("sgemm, best at %4d x %4d x %4d          %7.1f GFLOP/s\n", best.m, best.n, best.k, sgemm * 1e-9);
    report("float", training_rate(&preset->config, &options, seconds, false), operations, sgemm);
    if (db_linear_has_half()) {
        report("bfloat16", training_rate(&preset->config, &options, seconds, true), operations, sgemm);
    }
    return 0;
}
