/*
 * Where the time of a training step goes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_PROFILE_H
#define BENCH_PROFILE_H

#include "nn/config.h"
#include "train/train.h"

/* Runs the parts of a step of an LSTM model again and again, for about `seconds` in all, on this thread alone with the
 * streams that one of options->threads threads has, and prints a table of the processor time of each. Products are the
 * layers' own calls repeated by themselves. */
void bench_profile(const db_model_config *config, const db_train_options *options, double seconds);

#endif
