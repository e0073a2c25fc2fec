/*
 * Where the time of a training step goes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_PROFILE_H
#define BENCH_PROFILE_H

#include "nn/config.h"
#include "train/train.h"

/* Runs the parts of a step again and again, for about `seconds` in all, on this thread alone with the streams that one
 * of options->threads threads has, and prints a table of the processor time of each. Products are the layers' own calls
 * repeated by themselves.
 * For LSTM models of one layer with a dense output. */
void bench_profile_lstm(const db_model_config *config, const db_train_options *options, double seconds);

/* The same for transformers. Parts of a layer are repeated on the arrays of one, for as many layers as there are. */
void bench_profile_transformer(const db_model_config *config, const db_train_options *options, double seconds);

#endif
