/*
 * One training step. Each thread has its own streams, activations and gradient; threads meet only
 * to add the gradients up and to update the weights, each a part of them.
 *
 * A transformer's streams have nothing to do with each other, so that a thread takes a few of them at a time: their
 * activations then stay near the processor.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "train/run.h"

static uint32_t shard_streams(const db_run *run)
{
    return run->plan.streams / run->options->threads;
}

/* Streams of a shard that go through the model together. */
static uint32_t streams_at_once(const db_run *run)
{
    const uint32_t streams = shard_streams(run);
    const bool independent = run->config->architecture == DOGBERRY_TRANSFORMER;
    return independent ? db_streams_at_once(streams, run->plan.window) : streams;
}

void db_run_shards_make(db_run *run)
{
    const uint32_t threads = run->options->threads, streams = streams_at_once(run);
    const size_t positions = (size_t)streams * run->plan.window;
    run->shards = db_allocate(threads * sizeof *run->shards);
    run->gradients = db_allocate(threads * sizeof *run->gradients);
    for (uint32_t s = 0; s < threads; s++) {
        db_shard *shard = &run->shards[s];
        shard->pass = db_pass_new(run->config, streams, run->plan.window, run->options->half);
        shard->gradient = db_allocate(run->layout.parameters * sizeof(float));
        shard->inputs = db_allocate(positions * sizeof *shard->inputs);
        shard->targets = db_allocate(positions * sizeof *shard->targets);
        shard->resets = db_allocate(positions);
        run->gradients[s] = shard->gradient;
        db_pass_round_activations(shard->pass, run->options->rounding ? run->options->rounding->activations : NULL);
    }
    run->block_count = db_blocks_make(&run->layout, &run->blocks);
    run->squares = db_allocate(run->block_count * sizeof *run->squares);
    if (run->options->rounding != NULL) {
        run->rounded = db_allocate(run->layout.parameters * sizeof *run->rounded);
    }
}

void db_run_shards_free(db_run *run)
{
    for (uint32_t s = 0; run->shards != NULL && s < run->options->threads; s++) {
        db_shard *shard = &run->shards[s];
        db_pass_free(shard->pass);
        free(shard->gradient);
        free(shard->inputs);
        free(shard->targets);
        free(shard->resets);
    }
    free(run->shards);
    free(run->gradients);
    free(run->blocks);
    free(run->squares);
    free(run->rounded);
}

const float *db_run_rounded(db_run *run, const float *parameters)
{
    const db_train_rounding *rounding = run->options->rounding;
    if (rounding == NULL) {
        return parameters;
    }
    rounding->round(rounding->user, parameters, run->rounded);
    return run->rounded;
}

static db_dropout dropout_of(const db_train_options *options)
{
    return (db_dropout){.embedding = (real)options->drop_embedding,
                        .input = (real)options->drop_input,
                        .hidden = (real)options->drop_hidden,
                        .output = (real)options->drop_output,
                        .recurrent = (real)options->drop_recurrent,
                        .attention = (real)options->drop_attention};
}

/* The shard's window, forward and backward, with weights `parameters`. `size` targets are in the step in all. */
static void shard_gradient(db_run *run, const float *parameters, uint32_t s, size_t phase, size_t size)
{
    db_shard *shard = &run->shards[s];
    const uint32_t streams = shard_streams(run), index = (uint32_t)run->state.window, part = streams_at_once(run);
    const db_dropout dropout = dropout_of(run->options);
    db_random noise;
    db_random_seed(&noise, run->options->seed + (run->state.step * 64 + s + 1) * UINT64_C(0xD1342543DE82EF95));
    const db_window window = {db_epoch_window_length(&run->plan, index), shard->inputs, shard->targets, shard->resets};
    if (index == 0) {
        db_pass_zero_state(shard->pass);
    }
    shard->nats = 0;
    for (uint32_t at = 0; at < streams; at += part) {
        db_epoch_window(&run->plan, run->train, phase, index, s * streams + at, part, shard->inputs, shard->targets,
                        shard->resets);
        shard->nats += (at == 0 ? db_pass_gradient : db_pass_gradient_add)(
            shard->pass, parameters, &window, &dropout, db_random_next(&noise), 1 / (real)size, shard->gradient);
    }
}

static double sum_nats(const db_run *run)
{
    double nats = 0;
    for (uint32_t s = 0; s < run->options->threads; s++) {
        nats += run->shards[s].nats;
    }
    return nats;
}

static double gradient_norm(const db_run *run)
{
    double sum = 0;
    for (size_t i = 0; i < run->block_count; i++) {
        sum += run->squares[i];
    }
    return sqrt(sum);
}

size_t db_run_step(db_run *run, double rate, double *nats)
{
    const db_train_options *o = run->options;
    const db_adam_arrays arrays = {run->arrays.parameters, run->arrays.first, run->arrays.second, run->arrays.average};
    const size_t phase = db_epoch_phase(o->seed, run->state.epoch, run->train->count);
    const size_t size = (size_t)run->plan.streams * db_epoch_window_length(&run->plan, (uint32_t)run->state.window);
    const size_t blocks = run->block_count;
    const float *parameters = db_run_rounded(run, run->arrays.parameters);
    db_adam_step update;
    bool finite = false;
#pragma omp parallel num_threads(o->threads)
    {
        /* By number, in case fewer threads than asked for turn up. */
        const uint32_t team = (uint32_t)omp_get_num_threads();
        for (uint32_t s = (uint32_t)omp_get_thread_num(); s < o->threads; s += team) {
            shard_gradient(run, parameters, s, phase, size);
        }
#pragma omp barrier
#pragma omp for schedule(static)
        for (size_t i = 0; i < blocks; i++) {
            run->squares[i] = db_gradient_gather(&run->blocks[i], run->gradients, o->threads);
        }
#pragma omp single
        {
            const double norm = gradient_norm(run);
            *nats = sum_nats(run);
            finite = isfinite(norm) && isfinite(*nats);
            update = db_adam_step_make(run->state.step, rate, o->beta1, o->beta2, o->epsilon, o->weight_decay, o->clip,
                                       norm, o->average);
        }
        if (finite) {
#pragma omp for schedule(static)
            for (size_t i = 0; i < blocks; i++) {
                db_adam_update(&update, &run->blocks[i], run->gradients[0], &arrays);
            }
        }
    }
    if (finite && o->rounding != NULL && o->rounding->settle != NULL && o->pull > 0) {
        o->rounding->settle(o->rounding->user, run->arrays.parameters, (float)(o->pull * o->learning_rate));
    }
    return finite ? size : 0;
}
