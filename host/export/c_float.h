/*
 * A plain word LSTM as C headers in float, with the names and layouts of the first Dogberry.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_EXPORT_C_FLOAT_H
#define DB_EXPORT_C_FLOAT_H

#include "base/error.h"
#include "export/package.h"
#include "interop/model_dir.h"

/* Adds two headers, V words, E wide, one LSTM of H units (Keras's layouts; gates in the order i f c o):
 *   model_weights_word.h  EMBEDDING_WEIGHTS [V][E], LSTM_KERNEL [E][4 H], LSTM_RECURRENT [H][4 H], LSTM_BIAS [4 H],
 *                         DENSE_KERNEL [H][V], DENSE_BIAS [V], each flat, const float, in PROGMEM; and the sizes
 *                         VOCAB_SIZE, SEQ_LENGTH, EMBEDDING_DIM, LSTM_UNITS
 *   vocab_data_word.h     VOCAB_WORDS [V], UTF-8 strings, as they are fed
 * Numbers are written so that reading them gives the same floats.
 * Returns 0, or -1 with the error set: the model is none of that kind. */
int db_c_float_add(db_package *package, const db_model_dir *model, db_error *error);

#endif
