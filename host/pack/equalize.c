/* SPDX-License-Identifier: MIT */
#include "pack/equalize.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pack/units.h"

/* Components that are hardly ever there keep this much of what sets them apart. */
#define FACTOR_MAX 16.0

/* Key bits do not matter here. */
enum { KEY_BITS = 8 };

static double mean_logarithm(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += log(values[i]);
    return sum / (double)count;
}

/* units [count] become factors around 1. */
static void to_factors(double *units, size_t count)
{
    const double mean = exp(mean_logarithm(units, count));
    for (size_t i = 0; i < count; i++)
        units[i] = fmin(fmax(units[i] / mean, 1 / FACTOR_MAX), FACTOR_MAX);
}

static void scale_row(float *row, size_t cols, double factor)
{
    for (size_t c = 0; c < cols; c++)
        row[c] = (float)((double)row[c] * factor);
}

static void scale_column(float *values, const db_tensor *tensor, size_t column, double factor)
{
    for (size_t r = 0; r < tensor->rows; r++)
        values[r * tensor->cols + column] = (float)((double)values[r * tensor->cols + column] * factor);
}

/* Values become what makes attended components alike: those of a group of heads with the least room set the factor. */
static void equalize_values(const db_model_config *config, const db_layout *layout, uint32_t index, float *parameters,
                            const db_block_units *units)
{
    const db_tensor *v = db_layout_find_block(layout, index, "self_attn.v_proj");
    const db_tensor *o = db_layout_find_block(layout, index, "self_attn.o_proj");
    const uint32_t head = db_model_config_head(config), group = config->heads / config->kv_heads;
    double *factors = db_allocate(v->rows * sizeof *factors);
    for (uint32_t i = 0; i < v->rows; i++)
        for (uint32_t h = i / head * group; h < (i / head + 1) * group; h++)
            factors[i] = fmax(factors[i], units->attended[h * head + i % head]);
    to_factors(factors, v->rows);
    for (uint32_t i = 0; i < v->rows; i++) {
        scale_row(parameters + v->offset + (size_t)i * v->cols, v->cols, 1 / factors[i]);
        for (uint32_t h = i / head * group; h < (i / head + 1) * group; h++)
            scale_column(parameters + o->offset, o, h * head + i % head, factors[i]);
    }
    free(factors);
}

/* Length of a column. */
static double column_length(const float *values, const db_tensor *tensor, size_t column)
{
    double sum = 0;
    for (size_t r = 0; r < tensor->rows; r++)
        sum += pow((double)values[r * tensor->cols + column], 2);
    return sqrt(sum);
}

/* The columns that units are read by share a row's step, so that the weights are to be alike, too: each unit's factor
 * is halfway between what makes activations alike and what makes weights alike. */
static void equalize_feed_forward(const db_model_config *config, const db_layout *layout, uint32_t index,
                                  float *parameters, db_block_units *units)
{
    const db_tensor *up = db_layout_find_block(layout, index, "mlp.up_proj");
    const db_tensor *down = db_layout_find_block(layout, index, "mlp.down_proj");
    if (config->feed_forward == DB_SILU)
        return;
    for (uint32_t u = 0; u < config->hidden; u++) {
        const double length = column_length(parameters + down->offset, down, u);
        units->active[u] = length > 0 ? sqrt(units->active[u] / length) : 1;
    }
    to_factors(units->active, config->hidden);
    for (uint32_t u = 0; u < config->hidden; u++) {
        const double factor = units->active[u];
        scale_row(parameters + up->offset + (size_t)u * up->cols, up->cols,
                  1 / (config->feed_forward == DB_RELU2 ? sqrt(factor) : factor));
        scale_column(parameters + down->offset, down, u, factor);
    }
}

void db_transformer_equalize(const db_model_config *config, float *parameters, const db_calibration *calibration)
{
    db_layout layout;
    db_layout_make(&layout, config);
    for (uint32_t l = 0; l < config->layers; l++) {
        db_block_units units;
        db_block_units_find(&units, config, &calibration->blocks[l], KEY_BITS, false);
        equalize_values(config, &layout, l, parameters, &units);
        equalize_feed_forward(config, &layout, l, parameters, &units);
        db_block_units_free(&units);
    }
}
