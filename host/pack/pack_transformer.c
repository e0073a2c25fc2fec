/*
 * A transformer's tensors. Every matrix is scaled, rows and columns, to the integers that it stands between, and then
 * quantized: so what a row's sum is multiplied with is its step alone. docs/PACKING.md, "Transformers".
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "nn/feed_forward.h"
#include "nn/rmsnorm.h"
#include "pack/calibrate_transformer.h"
#include "pack/columns.h"
#include "pack/packing.h"
#include "pack/quantize.h"
#include "pack/units.h"

/* A norm's scale is in units of 2^10 (docs/NUMERICS.md, "Norm"). */
enum { NORM_UNIT_BITS = 10 };

/* A token's key and value in a layer take 3 bytes a component with keys of 12 bits. */
enum { NARROW_KEY_BITS = 8, WIDE_KEY_BITS = 12, WIDE_CACHE_BYTES = 3, WIDE_CACHE_MAX = 131072 };

/* What the calibration text may be exceeded by. */
#define STREAM_HEADROOM 1.5

typedef struct {
    db_packing *pack;
    const db_model_config *config;
    uint32_t width, hidden, head, shared, fused, inner;
    double stream; /* unit of the stream */
} transformer;

static double *doubles(const transformer *t, size_t count)
{
    return db_packing_own(t->pack, db_allocate(count * sizeof(double)));
}

/* ---- Products ---- */

/* Copies of moments in the columns' units: importance [cols] and covariance [cols][cols] (NULL for 8 bits). */
typedef struct {
    double *mean, *square, *covariance;
} scaled_moments;

static scaled_moments scale_moments(const db_moments *moments, const double *columns, bool with_covariance)
{
    const size_t width = moments->width;
    scaled_moments out = {.mean = db_allocate(width * sizeof(double)), .square = db_allocate(width * sizeof(double))};
    for (size_t c = 0; c < width; c++) {
        out.mean[c] = moments->mean[c] / columns[c];
        out.square[c] = moments->square[c] / (columns[c] * columns[c]);
    }
    if (!with_covariance)
        return out;
    out.covariance = db_allocate(width * width * sizeof(double));
    for (size_t r = 0; r < width; r++)
        for (size_t c = 0; c < width; c++)
            out.covariance[r * width + c] =
                moments->products[r * width + c] / (columns[r] * columns[c]) - out.mean[r] * out.mean[c];
    return out;
}

static void free_scaled(scaled_moments *moments)
{
    free(moments->mean);
    free(moments->square);
    free(moments->covariance);
}

/* A matrix [rows][cols] from integers of the units `columns` to such of the units `rows_units`. */
typedef struct {
    uint8_t role;
    uint32_t layer, rows, cols;
    const db_tensor *tensor; /* the first of those that make it up */
    const double *row_units, *columns;
    const db_moments *moments;
} product;

/* Quantizes and adds it; bias [rows] is what rounding takes off on average. */
static int add_product(const transformer *t, const product *p, double *bias, db_error *error)
{
    const float *values = db_packing_values(t->pack, p->tensor);
    const db_matrix_kind kind = db_packing_kind(t->pack, p->tensor);
    const size_t rows = p->rows, cols = p->cols;
    float *scaled = db_allocate(rows * cols * sizeof *scaled);
    db_matrix matrix;
    assert(p->moments->width == cols);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            scaled[r * cols + c] = (float)((double)values[r * cols + c] * p->columns[c] / p->row_units[r]);
    scaled_moments moments = scale_moments(p->moments, p->columns, kind.bits == 4);
    db_packing_quantize(t->pack, &matrix, kind, scaled, p->rows, p->cols, moments.square, moments.covariance);
    db_packing_correct_bias(t->pack, bias, scaled, &matrix, moments.mean);
    free_scaled(&moments);
    free(scaled);
    return db_packing_add_matrix(t->pack, p->role, p->layer, &matrix, 1, p->tensor->name, error);
}

static double *all(const transformer *t, size_t count, double value)
{
    double *values = doubles(t, count);
    for (size_t i = 0; i < count; i++)
        values[i] = value;
    return values;
}

/* A word for a scale that must be one: of a norm or a head. */
static uint32_t word_of(double scale)
{
    uint32_t word;
    const int failed = db_scale_word(scale, 1, &word);
    assert(failed == 0);
    (void)failed;
    return word;
}

/* A norm gives int8 of `unit` from a vector in any unit: x sqrt(D) / (unit sqrt(sum of x^2)). */
static uint32_t norm_word(const transformer *t, double unit)
{
    return word_of(ldexp(sqrt(t->width) / unit, -NORM_UNIT_BITS));
}

static void add_words(const transformer *t, uint8_t role, uint32_t layer, const uint32_t *words, uint32_t count)
{
    db_packing_add_tensor(t->pack, (db_image_tensor){.role = role,
                                                     .layer = (uint8_t)layer,
                                                     .type = role == DB_ROLE_ROTARY ? DB_TYPE_UINT32 : DB_TYPE_SCALES,
                                                     .rows = count,
                                                     .cols = 1,
                                                     .stride = 4,
                                                     .data = words});
}

static int add_block(const transformer *t, uint32_t index, db_error *error)
{
    const db_layout *layout = &t->pack->model->layout;
    const struct db_block_calibration *seen = &t->pack->calibration.blocks[index];
    db_block_units units;
    const bool gated = t->config->feed_forward == DB_SWIGLU;
    const uint32_t rows = t->fused + t->width + t->inner + t->width, heads = t->config->heads;
    const uint32_t scales = t->config->feed_forward == DB_SILU ? t->hidden : 0;
    const double *stream = all(t, t->width, t->stream);
    double *bias = doubles(t, rows + scales);
    uint32_t *words = db_packing_own(t->pack, db_allocate((2 + (size_t)heads) * sizeof *words));
    db_block_units_find(&units, t->config, seen, t->pack->parts.key_bits, t->pack->tuned);
    const product products[] = {
        {DB_ROLE_ATTENTION, index, t->fused, t->width, db_layout_find_block(layout, index, "self_attn.q_proj"),
         units.product, all(t, t->width, units.norm1), &seen->norm1},
        {DB_ROLE_ATTENTION_OUTPUT, index, t->width, t->width, db_layout_find_block(layout, index, "self_attn.o_proj"),
         stream, units.attended, &seen->attended},
        {DB_ROLE_INNER, index, t->inner, t->width,
         db_layout_find_block(layout, index, gated ? "mlp.gate_proj" : "mlp.up_proj"), units.inner,
         all(t, t->width, units.norm2), &seen->norm2},
        {DB_ROLE_OUTER, index, t->width, t->hidden, db_layout_find_block(layout, index, "mlp.down_proj"), stream,
         units.active, &seen->active},
    };
    double *next = bias;
    int failed = 0;
    for (size_t i = 0; i < sizeof products / sizeof *products && !failed; i++) {
        failed = add_product(t, &products[i], next, error);
        if (!failed && products[i].role == DB_ROLE_ATTENTION)
            t->pack->parts.tensors[t->pack->parts.tensor_count - 1].detail = (uint8_t)units.score_frac;
        if (!failed && products[i].role == DB_ROLE_OUTER && db_is_rectified(t->config->feed_forward) &&
            !t->pack->by_row)
            db_packing_turn_matrix(t->pack);
        next += products[i].rows;
    }
    words[0] = norm_word(t, units.norm1);
    words[1] = norm_word(t, units.norm2);
    for (uint32_t h = 0; h < heads; h++)
        words[2 + h] = word_of(units.heads[h]);
    for (uint32_t u = 0; u < scales; u++)
        bias[rows + u] = units.silu[u];
    db_block_units_free(&units);
    if (failed)
        return -1;
    db_packing_add_bias(t->pack, DB_ROLE_BLOCK_BIAS, index, bias, rows + scales, 0);
    add_words(t, DB_ROLE_BLOCK_SCALES, index, words, 2 + heads);
    return 0;
}

/* ---- Embedding and output ---- */

/* The stream has room for what the text had at most; and an embedding's step must not be more units than a scale word
 * can say. */
static double stream_unit(const transformer *t, const db_tensor *embedding)
{
    const float *values = db_packing_values(t->pack, embedding);
    double unit = t->pack->calibration.stream_max * STREAM_HEADROOM / INT16_MAX, most = 0;
    for (size_t i = 0; i < (size_t)embedding->rows * embedding->cols; i++)
        most = fmax(most, fabs((double)values[i]));
    unit = fmax(unit, most / (7 * 100.0)); /* a step is at most a seventh of the largest, with 4 bits */
    return unit > 0 ? unit : 1;
}

/* The embedding and, where it is the output matrix too, its second scales. */
static int add_embedding(const transformer *t, const db_tensor *tensor, double *output_bias, db_error *error)
{
    db_packing *pack = t->pack;
    const bool tied = t->config->output == DOGBERRY_TIED;
    const db_matrix_kind kind = db_packing_kind(pack, tensor);
    const double unit = db_unit_of(&pack->calibration.last_range);
    scaled_moments moments = scale_moments(&pack->calibration.last, all(t, t->width, 1), tied && kind.bits == 4);
    db_matrix matrix;
    db_packing_quantize(pack, &matrix, kind, db_packing_values(pack, tensor), tensor->rows, tensor->cols,
                        tied ? moments.square : NULL, moments.covariance);
    if (tied)
        db_packing_correct_bias(pack, output_bias, db_packing_values(pack, tensor), &matrix, moments.mean);
    free_scaled(&moments);
    if (db_packing_add_matrix(pack, DB_ROLE_EMBEDDING, 0, &matrix, 1 / t->stream, tensor->name, error) != 0)
        return -1;
    if (!tied)
        return 0;
    uint32_t *words = db_packing_own(pack, db_allocate(tensor->rows * sizeof *words));
    if (db_matrix_words(&matrix, ldexp(unit, (int)pack->parts.logit_frac), words, "tied output", error) != 0)
        return -1;
    add_words(t, DB_ROLE_TIED_SCALES, 0, words, tensor->rows);
    return 0;
}

static int add_output(const transformer *t, double *bias, db_error *error)
{
    if (t->config->output == DOGBERRY_TIED)
        return 0;
    const double unit = db_unit_of(&t->pack->calibration.last_range);
    const product output = {DB_ROLE_OUTPUT,
                            0,
                            t->config->vocab,
                            t->width,
                            db_layout_find(&t->pack->model->layout, "lm_head.weight"),
                            all(t, t->config->vocab, ldexp(1, -(int)t->pack->parts.logit_frac)),
                            all(t, t->width, unit),
                            &t->pack->calibration.last};
    double *corrections = doubles(t, t->config->vocab);
    if (add_product(t, &output, corrections, error) != 0)
        return -1;
    for (uint32_t v = 0; v < t->config->vocab; v++)
        bias[v] = ldexp(corrections[v], -(int)t->pack->parts.logit_frac);
    return 0;
}

/* Heads of few components need 12 bits. */
uint32_t db_pack_key_bits(const db_model_config *config)
{
    const uint64_t tokens = (uint64_t)config->layers * config->context;
    const uint64_t shared = (uint64_t)config->kv_heads * db_model_config_head(config);
    return tokens * shared * WIDE_CACHE_BYTES <= WIDE_CACHE_MAX ? WIDE_KEY_BITS : NARROW_KEY_BITS;
}

static uint32_t key_bits_of(const transformer *t)
{
    return t->pack->key_bits != 0 ? t->pack->key_bits : db_pack_key_bits(t->config);
}

/* How far a pair turns from position to position, in 2^-32 of a turn. */
static void add_rotary(const transformer *t)
{
    const uint32_t pairs = t->head / 2;
    if (pairs == 0)
        return;
    uint32_t *turns = db_packing_own(t->pack, db_allocate(pairs * sizeof *turns));
    for (uint32_t p = 0; p < pairs && t->config->rotary_base > 0; p++)
        turns[p] = (uint32_t)llround(ldexp(pow(t->config->rotary_base, -(double)p / pairs) / (2 * acos(-1.0)), 32));
    add_words(t, DB_ROLE_ROTARY, 0, turns, pairs);
}

int db_packing_add_transformer(db_packing *pack, db_error *error)
{
    const db_model_config *config = &pack->model->config;
    const db_tensor *embedding = db_layout_find(&pack->model->layout, "model.embed_tokens.weight");
    const uint32_t head = db_model_config_head(config), shared = config->kv_heads * head;
    transformer t = {.pack = pack,
                     .config = config,
                     .width = config->embedding,
                     .hidden = config->hidden,
                     .head = head,
                     .shared = shared,
                     .fused = config->embedding + 2 * shared,
                     .inner = (uint32_t)db_feed_forward_inputs(config->feed_forward, config->hidden)};
    pack->parts.key_bits = key_bits_of(&t);
    t.stream = stream_unit(&t, embedding);
    const double epsilon = DB_RMSNORM_EPSILON * config->embedding / (t.stream * t.stream);
    pack->parts.norm_epsilon = (uint32_t)fmin(fmax(floor(epsilon + 0.5), 1), UINT32_MAX);
    double *bias = doubles(&t, config->vocab);
    /* An embedding's entry is the first, and layers' follow it. */
    if (add_embedding(&t, embedding, bias, error) != 0)
        return -1;
    db_image_tensor tied = {0};
    if (config->output == DOGBERRY_TIED)
        tied = pack->parts.tensors[--pack->parts.tensor_count];
    for (uint32_t i = 0; i < config->layers; i++)
        if (add_block(&t, i, error) != 0)
            return -1;
    if (config->output == DOGBERRY_TIED)
        db_packing_add_tensor(pack, tied);
    if (add_output(&t, bias, error) != 0)
        return -1;
    const uint32_t norm = norm_word(&t, db_unit_of(&pack->calibration.last_range));
    uint32_t *word = db_packing_own(pack, db_allocate(sizeof *word));
    *word = norm;
    add_words(&t, DB_ROLE_LAST_NORM, 0, word, 1);
    add_rotary(&t);
    db_packing_add_bias(pack, DB_ROLE_OUTPUT_BIAS, 0, bias, config->vocab, pack->parts.logit_frac);
    return 0;
}
