/*
 * Noise that keeps a model from learning a small text by heart. Everything that is kept
 * is scaled by 1 / (1 - share), so that evaluation needs no change.
 *
 * Locked masks, the same at every step of a window: Gal and Ghahramani, "A Theoretically
 * Grounded Application of Dropout in Recurrent Neural Networks", 2016. Weight drop and
 * embedding dropout: Merity, Keskar and Socher, "Regularizing and Optimizing LSTM Language Models", 2017.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_DROPOUT_H
#define DB_NN_DROPOUT_H

#include <stddef.h>

#include "base/random.h"
#include "nn/real.h"

/* Shares dropped, 0..0.9; all zero: no noise. */
typedef struct {
    real embedding; /* whole rows of the embedding table, a word nowhere or everywhere in the window */
    real input;     /* embedded inputs, locked */
    real hidden;    /* between layers, locked; transformer: of what each part of a layer adds */
    real output;    /* the last layer's output, locked */
    real recurrent; /* single recurrent weights, one draw a window */
    real attention; /* values that attention looks at, for a head and all that look at them (transformer only) */
} db_dropout;

/* Fills mask [count] with 0 (probability `share`, to 1/65536) or 1 / (1 - share). */
void db_dropout_mask(db_random *random, real share, size_t count, real *mask);

/* values [steps][count] *= mask [count]; forward and backward are the same. */
void db_dropout_apply(size_t steps, size_t count, const real *mask, real *values);

#endif
