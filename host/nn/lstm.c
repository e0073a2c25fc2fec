/*
 * The LSTM layer (Hochreiter and Schmidhuber, 1997, with forget gates as in Gers et al., 2000).
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "nn/linear.h"
#include "nn/recurrent.h"
#include "nn/rounding.h"
#include "nn/vector.h"

enum { ROWS_AT_ONCE = 128 };

/* One step of one stream, all [H] but gates [4*H]: squashes the gates in place and moves the state on. */
DB_VECTOR static void cell_forward(uint32_t hidden, real *gates, const real *cell, real *cell_next, real *squashed,
                                   real *hidden_next)
{
    real *restrict in = gates, *restrict forget = gates + hidden;
    real *restrict fresh = gates + 2 * (size_t)hidden, *restrict out = gates + 3 * (size_t)hidden;
    real *restrict next = cell_next, *restrict tanh_next = squashed, *restrict h = hidden_next;
#pragma omp simd
    for (uint32_t j = 0; j < hidden; j++) {
        in[j] = db_sigmoid(in[j]);
        forget[j] = db_sigmoid(forget[j]);
        fresh[j] = db_tanh(fresh[j]);
        out[j] = db_sigmoid(out[j]);
        next[j] = forget[j] * cell[j] + in[j] * fresh[j];
        tanh_next[j] = db_tanh(next[j]);
        h[j] = out[j] * tanh_next[j];
    }
}

/* The same backward. dh [H]: gradient by this step's h, in all. dcell [H]: gradient by the new
 * cell from later steps; leaves the gradient by the cell before. gates: values in, gradients out. */
DB_VECTOR static void cell_backward(uint32_t hidden, real *gates, const real *cell, const real *squashed,
                                    const real *dh, real *dcell)
{
    real *restrict in = gates, *restrict forget = gates + hidden;
    real *restrict fresh = gates + 2 * (size_t)hidden, *restrict out = gates + 3 * (size_t)hidden;
    real *restrict carried = dcell;
#pragma omp simd
    for (uint32_t j = 0; j < hidden; j++) {
        const real i = in[j], f = forget[j], g = fresh[j], o = out[j], s = squashed[j];
        const real dc = carried[j] + dh[j] * o * (1 - s * s);
        out[j] = dh[j] * s * o * (1 - o);
        in[j] = dc * g * i * (1 - i);
        fresh[j] = dc * i * (1 - g * g);
        forget[j] = dc * cell[j] * f * (1 - f);
        carried[j] = dc * f;
    }
}

/* Steps whose products with inputs are one: as many as leave their gates in the second-level cache until the steps
 * themselves have used them. */
static uint32_t steps_at_once(uint32_t streams)
{
    return streams < ROWS_AT_ONCE ? ROWS_AT_ONCE / streams : 1;
}

void db_lstm_forward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                     real *out)
{
    const uint32_t hidden = layer->hidden, streams = input->streams, at_once = steps_at_once(streams);
    const size_t gates = 4 * (size_t)hidden, state = (size_t)streams * hidden;
    for (uint32_t t = 0; t < input->steps; t++) {
        real *h = trace->hidden + t * state, *c = trace->cell + t * state;
        real *step_gates = trace->gates + t * streams * gates;
        if (t % at_once == 0) {
            const uint32_t left = input->steps - t, steps = left < at_once ? left : at_once;
            db_linear_forward(layer->input, (size_t)steps * streams, input->x + (size_t)t * streams * layer->inputs,
                              layer->bias, step_gates);
        }
        db_recurrent_reset(streams, hidden, input->resets + t * streams, h);
        db_recurrent_reset(streams, hidden, input->resets + t * streams, c);
        db_linear_product(layer->recurrent, streams, h, true, step_gates);
        for (uint32_t b = 0; b < streams; b++) {
            const size_t at = (size_t)b * hidden;
            cell_forward(hidden, step_gates + b * gates, c + at, c + state + at, trace->extra + t * state + at,
                         h + state + at);
        }
        if (layer->rounds) {
            db_round_outputs(state, h + state, h + state);
        }
        memcpy(out + t * state, h + state, state * sizeof *out);
    }
}

/* The gradients of the weights from the steps [from, to), and those of their inputs. */
static void weights_backward(const db_recurrent *layer, const db_recurrent_input *input,
                             const db_recurrent_trace *trace, uint32_t from, uint32_t to,
                             const db_recurrent_gradient *gradient, real *dx)
{
    const size_t rows = (size_t)(to - from) * input->streams, first = (size_t)from * input->streams;
    const size_t gates = 4 * (size_t)layer->hidden;
    const real *dgates = trace->gates + first * gates;
    const real *x = input->x + first * layer->inputs, *h = trace->hidden + first * layer->hidden;
    db_linear_backward_weight(layer->recurrent, rows, dgates, h, gradient->weight_recurrent);
    db_linear_backward_weight(layer->input, rows, dgates, x, gradient->weight_input);
    db_linear_backward_bias(rows, gates, dgates, gradient->bias);
    db_linear_backward_input(layer->input, rows, dgates, dx + first * layer->inputs);
}

DB_VECTOR static void add(size_t count, const real *from, real *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] += from[i];
    }
}

void db_lstm_backward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                      real *dout, const db_recurrent_gradient *gradient, real *dx)
{
    const uint32_t hidden = layer->hidden, streams = input->streams, at_once = steps_at_once(streams);
    const size_t gates = 4 * (size_t)hidden, state = (size_t)streams * hidden;
    uint32_t end = input->steps;  /* of the steps that have no gradients of weights yet */
    real *dcell = trace->scratch; /* [B][H] */
    memset(dcell, 0, state * sizeof *dcell);
    for (uint32_t t = input->steps; t-- > 0;) {
        const real *c = trace->cell + t * state;
        real *step_gates = trace->gates + t * streams * gates;
        for (uint32_t b = 0; b < streams; b++) {
            const size_t at = (size_t)b * hidden;
            cell_backward(hidden, step_gates + b * gates, c + at, trace->extra + t * state + at, dout + t * state + at,
                          dcell + at);
        }
        if (t > 0) {
            /* What a reset zeroed had no influence: its stream passes nothing further back. */
            const uint8_t *resets = input->resets + t * streams;
            real *dhidden = trace->scratch + state; /* [B][H] */
            db_recurrent_reset(streams, hidden, resets, dcell);
            db_linear_backward_input(layer->recurrent, streams, step_gates, dhidden);
            db_recurrent_reset(streams, hidden, resets, dhidden);
            add(state, dhidden, dout + (t - 1) * state);
        }
        if (end - t == at_once || t == 0) {
            weights_backward(layer, input, trace, t, end, gradient, dx);
            end = t;
        }
    }
}
