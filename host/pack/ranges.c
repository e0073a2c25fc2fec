/* SPDX-License-Identifier: MIT */
#include "pack/ranges.h"

#include <math.h>
#include <string.h>

/* A float's exponent and the three highest bits of its mantissa. */
enum { BINS_SHIFT = 20, FIRST_BIN = (127 - 16) << 3 };

/* Clipping below this share of the largest value is not tried. */
#define LEAST_CLIP 0.2

void db_range_add(db_range *range, float value)
{
    uint32_t bits;
    value = fabsf(value);
    if (!(value > 0))
        return;
    memcpy(&bits, &value, sizeof bits);
    int bin = (int)(bits >> BINS_SHIFT) - FIRST_BIN;
    bin = bin < 0 ? 0 : bin >= DB_RANGE_BINS ? DB_RANGE_BINS - 1 : bin;
    range->counts[bin]++;
    range->most = fmax(range->most, (double)value);
}

void db_range_join(db_range *range, const db_range *other)
{
    for (int bin = 0; bin < DB_RANGE_BINS; bin++)
        range->counts[bin] += other->counts[bin];
    range->most = fmax(range->most, other->most);
}

/* A value in the middle of the bin. */
static double middle_of(int bin)
{
    const uint32_t bits = ((uint32_t)(bin + FIRST_BIN) << BINS_SHIFT) + (1u << (BINS_SHIFT - 1));
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static double error_at(const db_range *range, double clip, double levels)
{
    const double step = clip / levels;
    double error = 0;
    for (int bin = 0; bin < DB_RANGE_BINS; bin++) {
        const double value = fmin(middle_of(bin), range->most);
        const double off = value > clip ? value - clip : value < step / 2 ? value : step / sqrt(12.0);
        error += range->counts[bin] * off * off;
    }
    return error;
}

double db_range_clip(const db_range *range, double levels)
{
    double best = range->most, least = INFINITY;
    for (double share = 1; share >= LEAST_CLIP; share *= 0.96) {
        const double error = error_at(range, share * range->most, levels);
        if (error < least) {
            least = error;
            best = share * range->most;
        }
    }
    return best;
}
