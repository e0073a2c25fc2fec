/*
 * Recurrent layers over a window: what LSTM and GRU have in common.
 *
 * T steps, B streams, I inputs, H hidden, G gates (LSTM 4: i f g o; GRU 3: r z n). Arrays over
 * a window are [T][B][...], so that one step's streams lie together and all of a window's inputs
 * are one matrix.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_RECURRENT_H
#define DB_NN_RECURRENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/linear.h"
#include "nn/real.h"

typedef struct {
    uint32_t inputs, hidden;
    const db_linear *input;     /* [G*H][I] */
    const db_linear *recurrent; /* [G*H][H] */
    const real *bias;           /* [G*H] */
    const real *bias_recurrent; /* [H], GRU only */
    bool rounds;                /* outputs, and the h that gates see, are rounded: nn/rounding.h */
} db_recurrent;

/* Gradients, laid out alike; everything is added to what is there. */
typedef struct {
    real *weight_input, *weight_recurrent, *bias, *bias_recurrent;
} db_recurrent_gradient;

/* What the forward pass leaves for the backward pass, and the state carried between windows:
 * before forward, slot 0 of hidden and cell is the state carried in; after it, slot T is the
 * one to carry on. */
typedef struct {
    real *hidden;  /* [T+1][B][H] h before step t, zeroed by resets */
    real *cell;    /* [T+1][B][H] c before step t, zeroed by resets (LSTM); GRU that rounds: h before rounding */
    real *gates;   /* [T][B][G*H] gate values; the backward pass leaves gradients before the squashing there */
    real *extra;   /* [T][B][H] LSTM: tanh of the new cell; GRU: the new gate's recurrent part */
    real *scratch; /* [B][4*H] */
} db_recurrent_trace;

typedef struct {
    uint32_t steps, streams; /* T, B */
    const uint8_t *resets;   /* [T][B] 1: the state before the step is zero */
    const real *x;           /* [T][B][I] */
} db_recurrent_input;

/* out [T][B][H] = the layer's outputs h.
 * LSTM: i f o = sigmoid, g = tanh of (W_in x + W_rec h + b); c' = f c + i g; h' = o tanh c'.
 * GRU:  r z = sigmoid(W_in x + W_rec h + b), n = tanh(W_in x + b + r (W_rec h + b_rec)); h' = (1 - z) n + z h. */
void db_lstm_forward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                     real *out);
void db_gru_forward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                    real *out);

/* From dout [T][B][H], the loss's gradient by the outputs (overwritten), to the gradients of the weights and
 * dx [T][B][I]. Nothing flows back beyond the window's start. */
void db_lstm_backward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                      real *dout, const db_recurrent_gradient *gradient, real *dx);
void db_gru_backward(const db_recurrent *layer, const db_recurrent_input *input, const db_recurrent_trace *trace,
                     real *dout, const db_recurrent_gradient *gradient, real *dx);

/* Zeroes the rows of state [B][H] whose stream is reset. */
void db_recurrent_reset(uint32_t streams, uint32_t hidden, const uint8_t *resets, real *state);

#endif
