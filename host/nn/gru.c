/*
 * The GRU layer (Cho et al., 2014, in the variant with the reset gate after the product).
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "nn/linear.h"
#include "nn/recurrent.h"
#include "nn/rounding.h"
#include "nn/vector.h"

/* One step of one stream. gates [3*H]: input parts in, values out. product [3*H]: recurrent parts.
 * inner [H]: leaves the new gate's recurrent part, before the reset gate. */
DB_VECTOR static void cell_forward(uint32_t hidden, real *gates, const real *product, const real *bias, const real *h,
                                   real *inner, real *h_next)
{
    real *restrict reset = gates, *restrict update = gates + hidden, *restrict fresh = gates + 2 * (size_t)hidden;
    real *restrict kept = inner, *restrict next = h_next;
    const real *update_product = product + hidden, *fresh_product = product + 2 * (size_t)hidden;
#pragma omp simd
    for (uint32_t j = 0; j < hidden; j++) {
        reset[j] = db_sigmoid(reset[j] + product[j]);
        update[j] = db_sigmoid(update[j] + update_product[j]);
        kept[j] = fresh_product[j] + bias[j];
        fresh[j] = db_tanh(fresh[j] + reset[j] * kept[j]);
        next[j] = (1 - update[j]) * fresh[j] + update[j] * h[j];
    }
}

/* The same backward. gates: values in, gradients of the input parts out; product [3*H]: leaves the gradients of the
 * recurrent parts; gradient [H]: by this step's h in all, leaves its direct part by h before the step. */
DB_VECTOR static void cell_backward(uint32_t hidden, real *gates, real *product, const real *inner, const real *h,
                                    real *gradient)
{
    real *restrict reset = gates, *restrict update = gates + hidden, *restrict fresh = gates + 2 * (size_t)hidden;
    real *restrict dh = gradient;
    real *restrict reset_product = product, *restrict update_product = product + hidden;
    real *restrict fresh_product = product + 2 * (size_t)hidden;
#pragma omp simd
    for (uint32_t j = 0; j < hidden; j++) {
        const real r = reset[j], z = update[j], n = fresh[j];
        const real dn = dh[j] * (1 - z) * (1 - n * n);
        const real dz = dh[j] * (h[j] - n) * z * (1 - z);
        const real dr = dn * inner[j] * r * (1 - r);
        dh[j] *= z;
        reset[j] = dr;
        update[j] = dz;
        fresh[j] = dn;
        reset_product[j] = dr;
        update_product[j] = dz;
        fresh_product[j] = dn * r;
    }
}

/* The state [T+1][B][H] that a step blends with its news. */
static real *before_rounding(const db_recurrent *layer, const db_recurrent_trace *trace)
{
    return layer->rounds ? trace->cell : trace->hidden;
}

void db_gru_forward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                    real *out)
{
    const uint32_t hidden = layer->hidden, streams = input->streams;
    const size_t gates = 3 * (size_t)hidden, state = (size_t)streams * hidden;
    db_linear_forward(layer->input, (size_t)input->steps * streams, input->x, layer->bias, trace->gates);
    for (uint32_t t = 0; t < input->steps; t++) {
        real *h = trace->hidden + t * state, *kept = before_rounding(layer, trace) + t * state;
        db_recurrent_reset(streams, hidden, input->resets + t * streams, h);
        db_recurrent_reset(streams, hidden, input->resets + t * streams, kept);
        db_linear_product(layer->recurrent, streams, h, false, trace->scratch);
        for (uint32_t b = 0; b < streams; b++) {
            const size_t at = (size_t)b * hidden;
            cell_forward(hidden, trace->gates + (t * streams + b) * gates, trace->scratch + b * gates,
                         layer->bias_recurrent, kept + at, trace->extra + t * state + at, kept + state + at);
        }
        if (layer->rounds) {
            db_round_outputs(state, kept + state, h + state);
        }
        memcpy(out + t * state, h + state, state * sizeof *out);
    }
}

/* before [B][H] += product + direct, for the streams that were not reset in between. */
static void add_unless_reset(uint32_t streams, uint32_t hidden, const uint8_t *resets, const real *product,
                             const real *direct, real *before)
{
    for (uint32_t b = 0; b < streams; b++) {
        const size_t at = (size_t)b * hidden;
        for (uint32_t j = 0; j < hidden && !resets[b]; j++) {
            before[at + j] += product[at + j] + direct[at + j];
        }
    }
}

void db_gru_backward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                     real *dout, const db_recurrent_gradient *gradient, real *dx)
{
    const uint32_t hidden = layer->hidden, streams = input->streams;
    const size_t gates = 3 * (size_t)hidden, state = (size_t)streams * hidden;
    const size_t rows = (size_t)input->steps * streams;
    for (uint32_t t = input->steps; t-- > 0;) {
        const real *h = trace->hidden + t * state, *kept = before_rounding(layer, trace) + t * state;
        real *dh = dout + t * state, *product = trace->scratch;
        for (uint32_t b = 0; b < streams; b++) {
            const size_t at = (size_t)b * hidden;
            cell_backward(hidden, trace->gates + (t * streams + b) * gates, product + b * gates,
                          trace->extra + t * state + at, kept + at, dh + at);
        }
        db_linear_backward_weight(layer->recurrent, streams, product, h, gradient->weight_recurrent);
        for (uint32_t b = 0; b < streams; b++) {
            db_linear_backward_bias(1, hidden, product + b * gates + 2 * (size_t)hidden, gradient->bias_recurrent);
        }
        if (t == 0) {
            break;
        }
        real *dhidden = trace->scratch + streams * gates; /* [B][H] */
        db_linear_backward_input(layer->recurrent, streams, product, dhidden);
        add_unless_reset(streams, hidden, input->resets + t * streams, dhidden, dh, dh - state);
    }
    db_linear_backward_weight(layer->input, rows, trace->gates, input->x, gradient->weight_input);
    db_linear_backward_bias(rows, gates, trace->gates, gradient->bias);
    db_linear_backward_input(layer->input, rows, trace->gates, dx);
}
