/*
 * An embedding, one LSTM layer and a dense output over windows of a text that are all of one length, each from zero
 * state and with one target: the token after the window. A lane holds what one thread needs for its part of a batch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_LAST_TARGET_H
#define BENCH_LAST_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/config.h"
#include "nn/real.h"

typedef struct bench_lane bench_lane;

/* For `streams` windows of `steps` tokens at a time. `config` is one LSTM layer with dense output; `half` needs
 * db_linear_has_half(). Never returns NULL; the caller frees it with bench_lane_free(). */
bench_lane *bench_lane_new(const db_model_config *config, uint32_t streams, uint32_t steps, bool half);
void bench_lane_free(bench_lane *lane);

/* The windows that start at starts [streams] of ids, forward and backward; gradient [layout.parameters] is overwritten
 * with that of scale * sum. Returns the sum of -ln p(target), without the scale. */
double bench_lane_gradient(bench_lane *lane, const real *parameters, const uint16_t *ids, const uint32_t *starts,
                           real scale, real *gradient);

/* Forward only. Returns the sum of -ln p(target) over the first `count` (<= streams) of the windows. */
double bench_lane_loss(bench_lane *lane, const real *parameters, const uint16_t *ids, const uint32_t *starts,
                       uint32_t count);

#endif
