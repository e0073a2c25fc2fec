/* Checkpoints of llama2.c.
 * SPDX-License-Identifier: MIT */
#include "interop/llama2c.h"

#include <stdbool.h>

#include "base/memory.h"
#include "interop/foreign.h"

enum { HEADER_FIELDS = 7, HEADER_BYTES = 4 * HEADER_FIELDS, MAGIC = 0x616B3432, START_TOKEN = 1, ROTARY_BASE = 10000 };

/* Where each kind of weights starts, in floats. */
typedef struct {
    size_t embedding, attention_gain, queries, keys, values, attention_output, feed_gain, gate, down, up, last_gain,
        output, end;
    bool shared;
} places;

/* A field of the header that is a size. */
static int read_size(const uint8_t *bytes, unsigned field, const char *name, int64_t most, uint32_t *value,
                     const char *where, db_error *error)
{
    const int64_t read = (int32_t)db_foreign_u32(bytes + (size_t)4 * field);
    if (read < 1 || read > most)
        return db_fail(error, "%s: %s is %lld, must be 1 to %lld; this is no llama2.c checkpoint of version 0", where,
                       name, (long long)read, (long long)most);
    *value = (uint32_t)read;
    return 0;
}

static int read_header(db_model_config *config, bool *shared, const uint8_t *bytes, size_t length, const char *where,
                       db_error *error)
{
    if (length < HEADER_BYTES)
        return db_fail(error, "%s: %zu bytes are too few for a llama2.c checkpoint's header", where, length);
    if (db_foreign_u32(bytes) == MAGIC)
        return db_fail(error, "%s: a llama2.c checkpoint of version %u; export it with --version 0", where,
                       db_foreign_u32(bytes + 4));
    const int32_t vocab = (int32_t)db_foreign_u32(bytes + 20);
    *shared = vocab > 0;
    *config = (db_model_config){.architecture = DOGBERRY_TRANSFORMER,
                                .output = DOGBERRY_DENSE,
                                .feed_forward = DB_SWIGLU,
                                .rotary_base = ROTARY_BASE};
    if (vocab == 0 || vocab > 65535 || vocab < -65535)
        return db_fail(error, "%s: a vocabulary of %d tokens, must be 16 to 65535", where, vocab);
    config->vocab = (uint32_t)(vocab < 0 ? -vocab : vocab);
    if (read_size(bytes, 0, "dim", 65535, &config->embedding, where, error) ||
        read_size(bytes, 1, "hidden_dim", 65535, &config->hidden, where, error) ||
        read_size(bytes, 2, "n_layers", DB_LAYERS_MAX, &config->layers, where, error) ||
        read_size(bytes, 3, "n_heads", 65535, &config->heads, where, error) ||
        read_size(bytes, 4, "n_kv_heads", 65535, &config->kv_heads, where, error) ||
        read_size(bytes, 6, "seq_len", DB_CONTEXT_MAX, &config->context, where, error))
        return -1;
    db_error detail;
    if (db_model_config_check(config, &detail))
        return db_fail(error, "%s: %s", where, detail.message);
    if (db_model_config_head(config) % 2 != 0)
        return db_fail(error, "%s: heads of odd width %u", where, db_model_config_head(config));
    return 0;
}

/* Behind the last gain are two tables of angles, which run.c does not read either. */
static places find_places(const db_model_config *c, bool shared)
{
    const size_t d = c->embedding, h = c->hidden, layers = c->layers,
                 kv = (size_t)c->kv_heads * db_model_config_head(c);
    places p = {.shared = shared};
    p.attention_gain = (size_t)c->vocab * d;
    p.queries = p.attention_gain + layers * d;
    p.keys = p.queries + layers * d * d;
    p.values = p.keys + layers * d * kv;
    p.attention_output = p.values + layers * d * kv;
    p.feed_gain = p.attention_output + layers * d * d;
    p.gate = p.feed_gain + layers * d;
    p.down = p.gate + layers * d * h;
    p.up = p.down + layers * d * h;
    p.last_gain = p.up + layers * d * h;
    p.output = p.last_gain + d + (size_t)c->context * (db_model_config_head(c) / 2) * 2;
    p.end = p.output + (shared ? 0 : (size_t)c->vocab * d);
    if (shared)
        p.output = p.embedding;
    return p;
}

/* ---- Weights ---- */

static bool all_ones(const db_floats *from, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (db_floats_at(from, at + i) != 1)
            return false;
    return true;
}

/* Fills a tensor with the matrix at `at`, its columns times the gains at `gain` (NO_GAIN: as they are). */
static const size_t NO_GAIN = (size_t)-1;

static void take(db_model_dir *model, const db_tensor *tensor, const db_floats *from, size_t at, size_t gain)
{
    float *to = model->parameters + tensor->offset;
    for (size_t r = 0; r < tensor->rows; r++)
        for (size_t c = 0; c < tensor->cols; c++, at++)
            *to++ = db_floats_at(from, at) * (gain == NO_GAIN ? 1 : db_floats_at(from, gain + c));
}

/* The same for queries and keys, whose components llama2.c turns in pairs of neighbours, and this program each with the
 * one half a head further on: the even ones of a head first, then the odd ones. */
static void take_turned(db_model_dir *model, const db_tensor *tensor, const db_floats *from, size_t at, size_t gain)
{
    const size_t d = db_model_config_head(&model->config), cols = tensor->cols;
    for (size_t r = 0; r < tensor->rows; r++) {
        const size_t head = r / d * d, i = r % d, source = head + (i < d / 2 ? 2 * i : 2 * (i - d / 2) + 1);
        float *to = model->parameters + tensor->offset + r * cols;
        for (size_t c = 0; c < cols; c++)
            to[c] = db_floats_at(from, at + source * cols + c) * db_floats_at(from, gain + c);
    }
}

static void take_layer(db_model_dir *model, const db_floats *from, const places *p, uint32_t l)
{
    const db_layout *layout = &model->layout;
    const size_t d = model->config.embedding, h = model->config.hidden;
    const db_tensor *k = db_layout_find_block(layout, l, "self_attn.k_proj");
    const size_t kv = k->rows, first = p->attention_gain + l * d, second = p->feed_gain + l * d;
    take_turned(model, db_layout_find_block(layout, l, "self_attn.q_proj"), from, p->queries + l * d * d, first);
    take_turned(model, k, from, p->keys + l * d * kv, first);
    take(model, db_layout_find_block(layout, l, "self_attn.v_proj"), from, p->values + l * d * kv, first);
    take(model, db_layout_find_block(layout, l, "self_attn.o_proj"), from, p->attention_output + l * d * d, NO_GAIN);
    take(model, db_layout_find_block(layout, l, "mlp.gate_proj"), from, p->gate + l * d * h, second);
    take(model, db_layout_find_block(layout, l, "mlp.up_proj"), from, p->up + l * d * h, second);
    take(model, db_layout_find_block(layout, l, "mlp.down_proj"), from, p->down + l * d * h, NO_GAIN);
}

int db_llama2c_read(db_model_dir *model, const void *bytes, size_t length, const char *where, db_error *error)
{
    bool shared = false;
    if (read_header(&model->config, &shared, bytes, length, where, error))
        return -1;
    const places p = find_places(&model->config, shared);
    if (length != HEADER_BYTES + 4 * p.end)
        return db_fail(error, "%s: %zu bytes, but its sizes make %zu; the file is %s", where, length,
                       HEADER_BYTES + 4 * p.end, length < HEADER_BYTES + 4 * p.end ? "cut off" : "of another kind");
    const db_floats from = {(const uint8_t *)bytes + HEADER_BYTES, p.end};
    if (db_floats_check(&from, where, error))
        return -1;
    if (shared && all_ones(&from, p.last_gain, model->config.embedding))
        model->config.output = DOGBERRY_TIED;
    db_layout_make(&model->layout, &model->config);
    model->parameters = db_allocate(model->layout.parameters * sizeof(float));
    model->start_token = START_TOKEN;
    take(model, db_layout_find(&model->layout, "model.embed_tokens.weight"), &from, p.embedding, NO_GAIN);
    for (uint32_t l = 0; l < model->config.layers; l++)
        take_layer(model, &from, &p, l);
    if (model->config.output == DOGBERRY_DENSE)
        take(model, db_layout_find(&model->layout, "lm_head.weight"), &from, p.output, p.last_gain);
    return db_folded_check(model->parameters, model->layout.parameters, where, error);
}
