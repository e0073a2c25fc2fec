/*
 * Cosine (Loshchilov and Hutter, "SGDR", 2017) and trapezoid (Xing et al., "A Walk with SGD", 2018;
 * Haegele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations", 2024).
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/schedule.h"

#include <math.h>

#include "train/train.h"

uint64_t db_schedule_decay_start(uint64_t steps, double decay)
{
    return (uint64_t)ceil((double)steps * (1 - decay));
}

static double after_warmup(uint32_t schedule, uint64_t step, uint64_t steps, uint64_t warmup, uint64_t decay_start)
{
    if (steps == 0) {
        return 1;
    }
    if (step >= steps) {
        return 0;
    }
    if (schedule == DB_SCHEDULE_COSINE) {
        const double from = warmup < steps ? (double)warmup : 0;
        const double share = step <= from ? 0 : ((double)step - from) / ((double)steps - from);
        return 0.5 * (1 + cos(3.14159265358979323846 * share));
    }
    return step < decay_start ? 1 : (double)(steps - step) / (double)(steps - decay_start);
}

double db_schedule_factor(uint32_t schedule, uint64_t step, uint64_t steps, uint64_t warmup, uint64_t decay_start)
{
    const double rise = step < warmup ? ((double)step + 1) / (double)warmup : 1;
    return rise * after_warmup(schedule, step, steps, warmup, decay_start);
}
