/* SPDX-License-Identifier: MIT */
#include "last_target.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/dense.h"
#include "nn/embedding.h"
#include "nn/recurrent.h"

struct bench_lane {
    db_model_config config;
    db_layout layout;
    uint32_t streams, steps;
    size_t embedding, weight_input, weight_recurrent, bias, output_weight, output_bias; /* offsets */
    db_linear input, recurrent, output;
    db_linear_scratch scratch;
    uint16_t *inputs;  /* [T][B] */
    uint16_t *targets; /* [B] */
    uint8_t *resets;   /* [T][B] 1 in the first step */
    float *nats;       /* [B] */
    real *embedded;    /* [T][B][E] */
    real *below;       /* [T][B][E] gradient of the embedded */
    real *outputs;     /* [T][B][H] */
    real *gradients;   /* [T][B][H] of the outputs */
    real *logits;      /* scratch of the output layer */
    db_recurrent_trace trace;
};

static real *allocate(size_t count)
{
    return db_allocate(count * sizeof(real));
}

static size_t offset(const bench_lane *lane, const char *name)
{
    return db_layout_find(&lane->layout, name)->offset;
}

bench_lane *bench_lane_new(const db_model_config *config, uint32_t streams, uint32_t steps, bool half)
{
    assert(config->architecture == DOGBERRY_LSTM && config->layers == 1 && config->output == DOGBERRY_DENSE);
    bench_lane *lane = db_allocate(sizeof *lane);
    const size_t e = config->embedding, h = config->hidden, state = streams * h, positions = (size_t)steps * streams;
    lane->config = *config;
    lane->streams = streams;
    lane->steps = steps;
    db_layout_make(&lane->layout, config);
    lane->embedding = offset(lane, "embedding.weight");
    lane->weight_input = offset(lane, "layers.0.weight_input");
    lane->weight_recurrent = offset(lane, "layers.0.weight_recurrent");
    lane->bias = offset(lane, "layers.0.bias");
    lane->output_weight = offset(lane, "output.weight");
    lane->output_bias = offset(lane, "output.bias");
    db_linear_scratch *scratch = half ? &lane->scratch : NULL;
    db_linear_make(&lane->input, 4 * h, e, positions, scratch);
    db_linear_make(&lane->recurrent, 4 * h, h, positions, scratch);
    db_linear_make(&lane->output, config->vocab, h, DB_OUTPUT_CHUNK, scratch);
    lane->inputs = db_allocate(positions * sizeof *lane->inputs);
    lane->targets = db_allocate(streams * sizeof *lane->targets);
    lane->resets = db_allocate(positions);
    memset(lane->resets, 1, streams);
    lane->nats = db_allocate(streams * sizeof *lane->nats);
    lane->embedded = allocate(positions * e);
    lane->below = allocate(positions * e);
    lane->outputs = allocate(positions * h);
    lane->gradients = allocate(positions * h);
    lane->logits = allocate(db_dense_scratch(config->vocab, config->hidden));
    lane->trace = (db_recurrent_trace){.hidden = allocate(positions * h + state),
                                       .cell = allocate(positions * h + state),
                                       .gates = allocate(4 * positions * h),
                                       .extra = allocate(positions * h),
                                       .scratch = allocate(4 * state)};
    return lane;
}

void bench_lane_free(bench_lane *lane)
{
    db_linear_free(&lane->input);
    db_linear_free(&lane->recurrent);
    db_linear_free(&lane->output);
    db_linear_scratch_free(&lane->scratch);
    free(lane->inputs);
    free(lane->targets);
    free(lane->resets);
    free(lane->nats);
    free(lane->embedded);
    free(lane->below);
    free(lane->outputs);
    free(lane->gradients);
    free(lane->logits);
    free(lane->trace.hidden);
    free(lane->trace.cell);
    free(lane->trace.gates);
    free(lane->trace.extra);
    free(lane->trace.scratch);
    free(lane);
}

static db_recurrent layer(const bench_lane *lane, const real *parameters)
{
    return (db_recurrent){.inputs = lane->config.embedding,
                          .hidden = lane->config.hidden,
                          .input = &lane->input,
                          .recurrent = &lane->recurrent,
                          .bias = parameters + lane->bias};
}

static db_recurrent_input layer_input(const bench_lane *lane)
{
    return (db_recurrent_input){
        .steps = lane->steps, .streams = lane->streams, .resets = lane->resets, .x = lane->embedded};
}

static db_dense dense(const bench_lane *lane, const real *parameters)
{
    return (db_dense){.vocab = lane->config.vocab,
                      .hidden = lane->config.hidden,
                      .linear = &lane->output,
                      .bias = parameters + lane->output_bias};
}

/* Where the last step's rows begin in an array [T][B][H]. */
static size_t last_step(const bench_lane *lane)
{
    return (size_t)(lane->steps - 1) * lane->streams * lane->config.hidden;
}

static void forward(bench_lane *lane, const real *parameters, const uint16_t *ids, const uint32_t *starts)
{
    const uint32_t streams = lane->streams, steps = lane->steps;
    for (uint32_t s = 0; s < streams; s++) {
        for (uint32_t t = 0; t < steps; t++)
            lane->inputs[t * streams + s] = ids[starts[s] + t];
        lane->targets[s] = ids[starts[s] + steps];
    }
    db_linear_load(&lane->input, parameters + lane->weight_input, false);
    db_linear_load(&lane->recurrent, parameters + lane->weight_recurrent, false);
    db_linear_load(&lane->output, parameters + lane->output_weight, false);
    db_embedding_forward((size_t)steps * streams, lane->config.embedding, lane->inputs, parameters + lane->embedding,
                         NULL, lane->embedded);
    const db_recurrent lstm = layer(lane, parameters);
    const db_recurrent_input input = layer_input(lane);
    db_lstm_forward(&lstm, &input, &lane->trace, lane->outputs);
}

double bench_lane_gradient(bench_lane *lane, const real *parameters, const uint16_t *ids, const uint32_t *starts,
                           real scale, real *gradient)
{
    const size_t last = last_step(lane);
    memset(gradient, 0, lane->layout.parameters * sizeof *gradient);
    memset(lane->gradients, 0, last * sizeof *lane->gradients);
    forward(lane, parameters, ids, starts);
    const db_dense out = dense(lane, parameters);
    const double nats =
        db_dense_backward(&out, lane->streams, lane->outputs + last, lane->targets, scale, lane->logits,
                          lane->gradients + last, gradient + lane->output_weight, gradient + lane->output_bias);
    const db_recurrent lstm = layer(lane, parameters);
    const db_recurrent_input input = layer_input(lane);
    const db_recurrent_gradient into = {.weight_input = gradient + lane->weight_input,
                                        .weight_recurrent = gradient + lane->weight_recurrent,
                                        .bias = gradient + lane->bias};
    db_lstm_backward(&lstm, &input, &lane->trace, lane->gradients, &into, lane->below);
    db_embedding_backward((size_t)lane->steps * lane->streams, lane->config.embedding, lane->inputs, lane->below, NULL,
                          gradient + lane->embedding);
    return nats;
}

double bench_lane_loss(bench_lane *lane, const real *parameters, const uint16_t *ids, const uint32_t *starts,
                       uint32_t count)
{
    double nats = 0;
    forward(lane, parameters, ids, starts);
    const db_dense out = dense(lane, parameters);
    db_dense_loss(&out, lane->streams, lane->outputs + last_step(lane), lane->targets, lane->logits, lane->nats);
    for (uint32_t s = 0; s < count; s++)
        nats += (double)lane->nats[s];
    return nats;
}
