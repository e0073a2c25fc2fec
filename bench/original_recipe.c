/*
 * The recipe that the first Dogberry was trained with, on this project's own layers: a window of 40 words at every
 * position of the text, in random order, each from zero state and with one target, the word after it; Adam at a
 * constant 0.001, batches of 128, nothing dropped, nothing averaged, nothing clipped.
 *
 *     original_recipe [--minutes M] [--every M] [--patience N] [--threads N] -o DIR TEXTS HELD-OUT...
 *
 * TEXTS is a folder, HELD-OUT names works in it. One JSON object a line goes to standard output: one for each
 * evaluation, one that says why it ended. The clock counts training alone; evaluations and reading are free. DIR gets
 * the best weights as a model directory.
 *
 * SPDX-License-Identifier: MIT
 */
#include <getopt.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "interop/model_dir.h"
#include "last_target.h"
#include "nn/linear.h"
#include "start.h"
#include "text/corpus.h"
#include "train/evaluate.h"
#include "train/optimizer.h"
#include "train/train.h"

enum { WINDOW = 40, BATCH = 128, CALIBRATION_BYTES = 65536 };

/* Keras's defaults for Adam. */
static const double RATE = 1e-3, BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-7;

typedef struct {
    double minutes, every;
    long patience, threads;
    const char *output;
} settings;

typedef struct {
    settings given;
    db_corpus train, held_out;
    db_tokens train_tokens, held_out_tokens;
    db_model_dir model;

    bench_lane **lanes; /* [threads] */
    float **gradients;  /* [threads] the lanes' */
    db_block *blocks;
    size_t block_count;
    double *squares;              /* [block_count] */
    float *first, *second, *best; /* [parameters] */

    uint32_t *order; /* first words of the epoch's windows */
    size_t windows, next;
    uint64_t step;
    double epoch;
    db_random random;
} job;

static _Noreturn void stop(const db_error *error)
{
    fprintf(stderr, "original_recipe: %s\n", error->message);
    exit(1);
}

/* ---- The texts ---- */

static void read_texts(job *work, char **names, int count)
{
    db_error error;
    db_model_dir *model = &work->model;
    if (db_corpus_add(&work->train, names[0], false, &error))
        stop(&error);
    for (int i = 1; i < count; i++)
        if (db_corpus_take(&work->train, names[i], &work->held_out, &error) < 0)
            stop(&error);
    model->config = db_preset_find("dogberry")->config;
    if (db_tokenizer_learn_word(&model->tokenizer, &work->train, model->config.vocab, &error))
        stop(&error);
    db_tokens_append(&work->train_tokens, &model->tokenizer, &work->train);
    db_tokens_append(&work->held_out_tokens, &model->tokenizer, &work->held_out);
    if (work->train_tokens.count < WINDOW + BATCH || work->held_out_tokens.count <= WINDOW) {
        db_fail(&error, "there is not enough text for windows of %d words", WINDOW);
        stop(&error);
    }
    snprintf(model->name, sizeof model->name, "original");
    model->start_token = model->tokenizer.view.end;
    db_model_dir_set_calibration(model, &work->train, CALIBRATION_BYTES);
}

static void prepare(job *work)
{
    db_model_dir *model = &work->model;
    const uint32_t threads = (uint32_t)work->given.threads;
    db_layout_make(&model->layout, &model->config);
    const size_t count = model->layout.parameters;
    model->parameters = db_allocate(count * sizeof(float));
    work->first = db_allocate(count * sizeof(float));
    work->second = db_allocate(count * sizeof(float));
    work->best = db_allocate(count * sizeof(float));
    db_train_initialize(&model->config, 1, model->parameters);
    memcpy(work->best, model->parameters, count * sizeof(float));
    work->lanes = db_allocate(threads * sizeof *work->lanes);
    work->gradients = db_allocate(threads * sizeof *work->gradients);
    for (uint32_t i = 0; i < threads; i++) {
        work->lanes[i] = bench_lane_new(&model->config, BATCH / threads, WINDOW, db_linear_has_half());
        work->gradients[i] = db_allocate(count * sizeof(float));
    }
    work->block_count = db_blocks_make(&model->layout, &work->blocks);
    work->squares = db_allocate(work->block_count * sizeof *work->squares);
    work->windows = work->train_tokens.count - WINDOW;
    work->order = db_allocate(work->windows * sizeof *work->order);
    for (size_t i = 0; i < work->windows; i++)
        work->order[i] = (uint32_t)i;
    work->next = work->windows;
    db_random_seed(&work->random, 1);
}

static void job_free(job *work)
{
    for (long i = 0; i < work->given.threads; i++) {
        bench_lane_free(work->lanes[i]);
        free(work->gradients[i]);
    }
    free(work->lanes);
    free(work->gradients);
    free(work->blocks);
    free(work->squares);
    free(work->first);
    free(work->second);
    free(work->best);
    free(work->order);
    db_tokens_free(&work->train_tokens);
    db_tokens_free(&work->held_out_tokens);
    db_corpus_free(&work->train);
    db_corpus_free(&work->held_out);
    db_model_dir_free(&work->model);
}

/* ---- Training ---- */

/* The next batch of windows; a new order each epoch, its last incomplete batch left out. */
static const uint32_t *next_batch(job *work)
{
    if (work->next + BATCH > work->windows) {
        for (size_t i = work->windows - 1; i > 0; i--) {
            const size_t j = (size_t)db_random_below(&work->random, i + 1);
            const uint32_t swap = work->order[i];
            work->order[i] = work->order[j];
            work->order[j] = swap;
        }
        work->next = 0;
    }
    const uint32_t *batch = work->order + work->next;
    work->next += BATCH;
    work->epoch += BATCH / (double)work->windows;
    return batch;
}

/* One update. Returns the batch's mean loss before it. */
static double train_step(job *work)
{
    const int threads = (int)work->given.threads;
    const uint32_t *batch = next_batch(work);
    const uint16_t *ids = work->train_tokens.ids;
    float *parameters = work->model.parameters;
    const db_adam_arrays arrays = {parameters, work->first, work->second, NULL};
    const db_adam_step update = db_adam_step_make(work->step++, RATE, BETA1, BETA2, EPSILON, 0, 0, 0, 0);
    double nats = 0;
#pragma omp parallel num_threads(threads) reduction(+ : nats)
    {
#pragma omp for schedule(static, 1)
        for (int i = 0; i < threads; i++)
            nats += bench_lane_gradient(work->lanes[i], parameters, ids, batch + BATCH / threads * i,
                                        (float)(1.0 / BATCH), work->gradients[i]);
#pragma omp for schedule(static)
        for (size_t i = 0; i < work->block_count; i++) {
            work->squares[i] = db_gradient_gather(&work->blocks[i], work->gradients, (uint32_t)threads);
            db_adam_update(&update, &work->blocks[i], work->gradients[0], &arrays);
        }
    }
    return nats / BATCH;
}

/* ---- Evaluation ---- */

/* As it was trained: each held-out word that has 40 before it, from zero state. Returns nats per word. */
static double windowed_loss(const job *work)
{
    const int threads = (int)work->given.threads;
    const size_t lane = (size_t)(BATCH / threads), windows = work->held_out_tokens.count - WINDOW;
    double nats = 0;
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+ : nats)
    for (int i = 0; i < threads; i++) {
        uint32_t *starts = db_allocate(lane * sizeof *starts);
        for (size_t at = lane * (size_t)i; at < windows; at += BATCH) {
            const size_t count = windows - at < lane ? windows - at : lane;
            for (size_t s = 0; s < lane; s++)
                starts[s] = (uint32_t)(at + (s < count ? s : 0));
            nats += bench_lane_loss(work->lanes[i], work->model.parameters, work->held_out_tokens.ids, starts,
                                    (uint32_t)count);
        }
        free(starts);
    }
    return nats / (double)windows;
}

/* As everything else is evaluated: each work read through from zero state, the state carried. */
static double carried_loss(const job *work)
{
    const db_model_dir *model = &work->model;
    const db_sequence text = {work->held_out_tokens.ids, work->held_out_tokens.count, model->start_token,
                              model->tokenizer.view.end};
    const db_loss loss = db_evaluate_quickly(&model->config, model->parameters, &text, (uint32_t)work->given.threads);
    return loss.nats / (double)loss.tokens;
}

/* Trains until nothing gets better or time is up. Returns why it ended. */
static const char *train(job *work)
{
    double seconds = 0, best = INFINITY, interval = 0;
    uint64_t interval_steps = 0;
    long waits = 0;
    while (seconds < 60 * work->given.minutes) {
        const double start = bench_now(), until = fmin(60 * work->given.every, 60 * work->given.minutes - seconds);
        do {
            interval += train_step(work);
            interval_steps++;
        } while (bench_now() - start < until);
        seconds += bench_now() - start;
        if (!isfinite(interval))
            return "the loss was not a number";
        const double carried = carried_loss(work), windowed = windowed_loss(work), loss = fmin(carried, windowed);
        printf("{\"recipe\": \"original\", \"seconds\": %.1f, \"step\": %llu, \"epoch\": %.3f, \"train_loss\": %.4f, "
               "\"carried\": %.4f, \"windowed\": %.4f, \"validation_loss\": %.4f}\n",
               seconds, (unsigned long long)work->step, work->epoch, interval / (double)interval_steps, carried,
               windowed, loss);
        fflush(stdout);
        interval = 0;
        interval_steps = 0;
        waits = loss < best ? 0 : waits + 1;
        if (loss < best) {
            best = loss;
            memcpy(work->best, work->model.parameters, work->model.layout.parameters * sizeof(float));
        }
        if (waits >= work->given.patience)
            return "it stopped improving";
    }
    return "its time was up";
}

static int parse(settings *given, int count, char **arguments)
{
    static const struct option options[] = {{"minutes", required_argument, NULL, 'm'},
                                            {"every", required_argument, NULL, 'e'},
                                            {"patience", required_argument, NULL, 'p'},
                                            {"threads", required_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    *given = (settings){.minutes = 30, .every = 2, .patience = 3, .threads = omp_get_num_procs()};
    for (int letter; (letter = getopt_long(count, arguments, "m:e:p:j:o:", options, NULL)) != -1;)
        switch (letter) {
        case 'm':
            given->minutes = atof(optarg);
            break;
        case 'e':
            given->every = atof(optarg);
            break;
        case 'p':
            given->patience = atol(optarg);
            break;
        case 'j':
            given->threads = atol(optarg);
            break;
        case 'o':
            given->output = optarg;
            break;
        default:
            return -1;
        }
    while (given->threads > 1 && BATCH % given->threads != 0)
        given->threads--;
    return given->output && given->minutes > 0 && given->every > 0 && given->patience > 0 && given->threads > 0 &&
                   count - optind >= 2
               ? 0
               : -1;
}

int main(int count, char **arguments)
{
    bench_restart_with_blas_core(arguments);
    job work = {0};
    db_error error;
    if (parse(&work.given, count, arguments)) {
        fprintf(stderr, "usage: original_recipe [--minutes M] [--every M] [--patience N] [--threads N] -o DIR TEXTS "
                        "HELD-OUT...\n");
        return 2;
    }
    read_texts(&work, arguments + optind, count - optind);
    prepare(&work);
    const int before = db_linear_set_threads(1);
    const char *why = train(&work);
    db_linear_set_threads(before);
    printf("{\"recipe\": \"original\", \"end\": \"%s\"}\n", why);
    memcpy(work.model.parameters, work.best, work.model.layout.parameters * sizeof(float));
    if (db_model_dir_save(&work.model, work.given.output, &error))
        stop(&error);
    job_free(&work);
    return 0;
}
