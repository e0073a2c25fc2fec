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

void db_lstm_forward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                     real *out)
{
    const uint32_t hidden = layer->hidden, streams = input->streams;
    const size_t gates = 4 * (size_t)hidden, state = (size_t)streams * hidden;
    db_linear_forward(layer->input, (size_t)input->steps * streams, input->x, layer->bias, trace->gates);
    for (uint32_t t = 0; t < input->steps; t++) {
        real *h = trace->hidden + t * state, *c = trace->cell + t * state;
        real *step_gates = trace->gates + t * streams * gates;
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

void db_lstm_backward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                      real *dout, const db_recurrent_gradient *gradient, real *dx)
{
    const uint32_t hidden = layer->hidden, streams = input->streams;
    const size_t gates = 4 * (size_t)hidden, state = (size_t)streams * hidden;
    const size_t rows = (size_t)input->steps * streams;
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
        if (t == 0) {
            break;
        }
        /* What a reset zeroed had no influence: its stream passes nothing further back. */
        const uint8_t *resets = input->resets + t * streams;
        db_recurrent_reset(streams, hidden, resets, dcell);
        real *dhidden = trace->scratch + state; /* [B][H] */
        db_linear_backward_input(layer->recurrent, streams, step_gates, dhidden);
        db_recurrent_reset(streams, hidden, resets, dhidden);
        real *before = dout + (t - 1) * state;
        for (size_t i = 0; i < state; i++) {
            before[i] += dhidden[i];
        }
    }
    db_linear_backward_weight(layer->recurrent, rows, trace->gates, trace->hidden, gradient->weight_recurrent);
    db_linear_backward_weight(layer->input, rows, trace->gates, input->x, gradient->weight_input);
    db_linear_backward_bias(rows, gates, trace->gates, gradient->bias);
    db_linear_backward_input(layer->input, rows, trace->gates, dx);
}
