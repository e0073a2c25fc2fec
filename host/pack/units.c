/* SPDX-License-Identifier: MIT */
#include "pack/units.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "nn/feed_forward.h"

/* docs/NUMERICS.md, "Transformer". */
enum {
    ACTIVATION_MAX = 127,
    ACTIVATION_BITS = 8,
    CACHE_BITS = 8,   /* products for keys and values are in 2^-8 of the cache's units */
    RELU_BITS = 8,    /* and for ReLU of what the second matrix reads */
    RELU2_BITS = 23,  /* the square's */
    GATE_BITS = 11,   /* fraction bits of a gate */
    SWIGLU_BITS = 14, /* the product's */
    SCORE_FRAC_MIN = 8,
    SCORE_FRAC_MAX = 16
};

/* What the calibration text may be exceeded by. */
#define SCORE_HEADROOM 1.5

/* An activation's unit is at least this share of the largest in its layer: what is hardly ever there needs none finer,
 * and gives scales that a word cannot hold. */
#define LEAST_UNIT 0.002

/* A head's scale: at least 1, and below what a word can hold (docs/FORMAT.md). */
#define HEAD_SCALE_MAX 100.0

/* The shape of one layer, and what its text was like. */
typedef struct {
    const db_model_config *config;
    const struct db_block_calibration *seen;
    uint32_t head, pairs, places; /* places: pairs, and one for an odd component */
    uint32_t group;               /* heads that share keys and values */
    uint32_t shared;              /* width of keys */
    bool even;
} shape;

double db_unit_of(const db_range *range)
{
    const double clip = db_range_clip(range, ACTIVATION_MAX);
    return clip > 0 ? clip / ACTIVATION_MAX : 1;
}

/* Of all ranges [count] together. */
static double unit_of_all(const db_range *ranges, size_t count)
{
    db_range all = {0};
    for (size_t i = 0; i < count; i++)
        db_range_join(&all, &ranges[i]);
    return db_unit_of(&all);
}

static void fill(double *units, size_t count, double unit)
{
    for (size_t i = 0; i < count; i++)
        units[i] = unit;
}

/* units [count] of the ranges, none far below the largest. */
static void units_of(double *units, const db_range *ranges, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        units[i] = db_range_clip(&ranges[i], ACTIVATION_MAX) / ACTIVATION_MAX;
        most = fmax(most, units[i]);
    }
    for (size_t i = 0; i < count; i++)
        units[i] = most > 0 ? fmax(units[i], LEAST_UNIT * most) : 1;
}

/* Where component i of a row of keys or queries finds its pair in the calibration. */
static uint32_t place_of(const shape *s, uint32_t i)
{
    const uint32_t component = i % s->head;
    return i / s->head * s->places + (component < 2 * s->pairs ? component % s->pairs : s->pairs);
}

/* ---- Attention ---- */

static void key_units(const shape *s, db_block_units *out)
{
    const uint32_t count = s->config->kv_heads * s->places;
    double *pairs = db_allocate(count * sizeof *pairs);
    units_of(pairs, s->seen->keys, count);
    for (uint32_t i = 0; i < s->shared; i++)
        out->keys[i] = pairs[place_of(s, i)];
    free(pairs);
}

/* A query times a key is a score in halvings, Q(score_frac); so what a query's component stands for follows from the
 * key's. score_frac is as large as lets the queries fit int16. */
static void query_units(const shape *s, uint32_t key_bits, db_block_units *out)
{
    const double halvings = 1 / (log(2) * sqrt(s->head));
    const uint32_t width = s->config->heads * s->head;
    double most = 0;
    for (uint32_t i = 0; i < width; i++) {
        const double key = out->keys[i / s->head / s->group * s->head + i % s->head];
        out->product[i] = key * halvings;
        most = fmax(most, s->seen->queries[place_of(s, i)].most * out->product[i]);
    }
    out->score_frac = SCORE_FRAC_MAX;
    while (out->score_frac > SCORE_FRAC_MIN && ldexp(most * SCORE_HEADROOM, (int)out->score_frac) > INT16_MAX)
        out->score_frac--;
    for (uint32_t i = 0; i < width; i++)
        out->product[i] = 1 / ldexp(out->product[i], (int)out->score_frac - (int)key_bits + ACTIVATION_BITS);
}

/* Values mixed are smaller than values; each head has one scale to use the room. */
static void value_units(const shape *s, db_block_units *out)
{
    units_of(out->values, s->seen->values, s->shared);
    for (uint32_t h = 0; h < s->config->heads; h++) {
        const double *values = out->values + (size_t)(h / s->group) * s->head;
        double scale = HEAD_SCALE_MAX;
        for (uint32_t c = 0; c < s->head; c++)
            scale = fmin(scale, values[c] / db_unit_of(&s->seen->attended_range[h * s->head + c]));
        out->heads[h] = fmax(scale, 1);
        for (uint32_t c = 0; c < s->head; c++)
            out->attended[h * s->head + c] = values[c] / out->heads[h];
    }
}

/* One unit for all that was attended to; values have one for each of their heads. */
static void even_value_units(const shape *s, db_block_units *out)
{
    const uint32_t kv_heads = s->config->kv_heads, width = s->config->heads * s->head;
    double attended = unit_of_all(s->seen->attended_range, width);
    for (uint32_t k = 0; k < kv_heads; k++) {
        const double unit = unit_of_all(s->seen->values + (size_t)k * s->head, s->head);
        fill(out->values + (size_t)k * s->head, s->head, unit);
        attended = fmax(attended, unit / HEAD_SCALE_MAX);
    }
    for (uint32_t i = 0; i < s->shared; i++)
        out->values[i] = fmax(out->values[i], attended);
    fill(out->attended, width, attended);
    for (uint32_t h = 0; h < s->config->heads; h++)
        out->heads[h] = out->values[(size_t)(h / s->group) * s->head] / attended;
}

static void attention_units(const shape *s, uint32_t key_bits, db_block_units *out)
{
    const uint32_t width = s->config->heads * s->head;
    key_units(s, out);
    query_units(s, key_bits, out);
    (s->even ? even_value_units : value_units)(s, out);
    for (uint32_t i = 0; i < s->shared; i++) {
        out->product[width + i] = ldexp(out->keys[i], -CACHE_BITS);
        out->product[width + s->shared + i] = ldexp(out->values[i], -CACHE_BITS);
    }
}

/* ---- Feed-forward ---- */

/* A whole number that takes SiLU's results to a unit, or to one a little larger. */
static double silu_scale(double unit)
{
    return fmin(fmax(floor(ldexp(1 / unit, SWIGLU_BITS - GATE_BITS)), 1), INT16_MAX);
}

static void feed_forward_units(const shape *s, db_block_units *out)
{
    const uint32_t hidden = s->config->hidden, kind = s->config->feed_forward;
    if (s->even)
        fill(out->active, hidden, unit_of_all(s->seen->active_range, hidden));
    else
        units_of(out->active, s->seen->active_range, hidden);
    for (uint32_t u = 0; u < hidden; u++) {
        const double unit = out->active[u];
        if (kind == DB_RELU) {
            out->inner[u] = ldexp(unit, -RELU_BITS);
        } else if (kind == DB_RELU2) {
            out->inner[u] = sqrt(ldexp(unit, -RELU2_BITS));
        } else if (kind == DB_SILU) {
            out->inner[u] = ldexp(1, -GATE_BITS);
            out->silu[u] = silu_scale(unit);
            out->active[u] = ldexp(1, SWIGLU_BITS - GATE_BITS) / out->silu[u];
        } else {
            out->inner[u] = ldexp(1, -GATE_BITS);
            out->inner[hidden + u] = ldexp(unit, GATE_BITS - SWIGLU_BITS);
        }
    }
}

void db_block_units_find(db_block_units *out, const db_model_config *config, const struct db_block_calibration *seen,
                         uint32_t key_bits, bool even)
{
    const uint32_t head = db_model_config_head(config);
    const shape s = {.config = config,
                     .seen = seen,
                     .head = head,
                     .pairs = head / 2,
                     .places = head - head / 2,
                     .group = config->heads / config->kv_heads,
                     .shared = config->kv_heads * head,
                     .even = even};
    const size_t width = config->embedding, inner = db_feed_forward_inputs(config->feed_forward, config->hidden);
    *out = (db_block_units){.norm1 = db_unit_of(&seen->norm1_range), .norm2 = db_unit_of(&seen->norm2_range)};
    out->product = db_allocate((width + 2 * (size_t)s.shared) * sizeof(double));
    out->keys = db_allocate(s.shared * sizeof(double));
    out->values = db_allocate(s.shared * sizeof(double));
    out->attended = db_allocate(width * sizeof(double));
    out->inner = db_allocate(inner * sizeof(double));
    out->active = db_allocate(config->hidden * sizeof(double));
    out->heads = db_allocate(config->heads * sizeof(double));
    out->silu = db_allocate(config->hidden * sizeof(double));
    attention_units(&s, key_bits, out);
    feed_forward_units(&s, out);
}

void db_block_units_free(db_block_units *units)
{
    free(units->product);
    free(units->keys);
    free(units->values);
    free(units->attended);
    free(units->inner);
    free(units->active);
    free(units->heads);
    free(units->silu);
    *units = (db_block_units){0};
}
