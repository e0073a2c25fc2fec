/*
 * The learning rate over a run, as a share of the highest.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_SCHEDULE_H
#define DB_TRAIN_SCHEDULE_H

#include <stdint.h>

/* The step (0-based) at which a trapezoid over `steps` steps starts to go down. */
uint64_t db_schedule_decay_start(uint64_t steps, double decay);

/* The rate's factor for step `step` (0-based) of `steps`. `schedule` is enum db_schedule; `decay_start` the step at
 * which a trapezoid starts to go down. `steps` 0: the end is not known yet, so the rate stays up. Returns 0..1. */
double db_schedule_factor(uint32_t schedule, uint64_t step, uint64_t steps, uint64_t warmup, uint64_t decay_start);

#endif
