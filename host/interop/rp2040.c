/* Checkpoints of tiny-transformers-rp2040.
 *
 * Its model is a transformer with layer normalisation, one head of attention whatever the header says, no positions,
 * and SiLU between two matrices. Taking the mean off a stream that has none changes nothing, so with every vector that
 * is added to the stream made free of its mean, layer normalisation is that of the root mean square. Its smaller
 * epsilon is made ours by a larger stream.
 *
 * SPDX-License-Identifier: MIT */
#include "interop/rp2040.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interop/foreign.h"
#include "interop/json.h"
#include "nn/rmsnorm.h"
#include "text/section.h"
#include "text/utf8.h"

enum { HEADER_BYTES = 32, START_TOKEN = 1, SPECIALS = 4 };

static const double EPSILON = 1e-6;

/* ---- Vocabulary ---- */

typedef struct {
    db_entry *entries; /* [count], those with a text */
    uint32_t *ids;     /* [count], their places in the file */
    uint32_t count, all;
} vocabulary;

static int read_token(vocabulary *v, uint32_t id, const db_foreign_file *file, size_t *at, db_error *error)
{
    const uint8_t *bytes = file->bytes;
    if (*at >= file->length)
        return db_fail(error, "%s: ends before token %u of %u; it is cut off", file->path, id, v->all);
    const size_t length = bytes[(*at)++];
    const char *text = (const char *)bytes + *at;
    if (length > file->length - *at)
        return db_fail(error, "%s: ends in token %u of %u; it is cut off", file->path, id, v->all);
    if (length == 0 && id < SPECIALS)
        return db_fail(error, "%s: token %u has no text", file->path, id);
    if (length > DOGBERRY_KEY_MAX || db_utf8_check(text, length) != length || memchr(text, 0, length))
        return db_fail(error, "%s: token %u is not UTF-8 of at most %d bytes", file->path, id, DOGBERRY_KEY_MAX);
    if (length > 0) {
        v->ids[v->count] = id;
        v->entries[v->count++] = (db_entry){.key = text, .key_length = length};
        *at += length;
    }
    return 0;
}

/* The first four are padding, start, end and unknown. */
static void mark_specials(vocabulary *v)
{
    static const char *const texts[SPECIALS] = {"<pad>", "<s>", DB_DOCUMENT_SEPARATOR, DB_UNKNOWN_TEXT};
    for (uint32_t id = 0; id < SPECIALS; id++)
        v->entries[id] = (db_entry){.key = texts[id], .key_length = strlen(texts[id]), .flags = DB_ENTRY_SPECIAL};
}

static int read_vocabulary(vocabulary *v, const db_foreign_file *file, uint32_t wanted, db_error *error)
{
    const uint8_t *bytes = file->bytes;
    size_t at = 2;
    if (file->length < at)
        return db_fail(error, "%s: %zu bytes are too few for a vocabulary", file->path, file->length);
    v->all = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
    if (v->all != wanted)
        return db_fail(error, "%s: %u tokens, but the model has %u; they do not belong together", file->path, v->all,
                       wanted);
    v->entries = db_allocate(v->all * sizeof *v->entries);
    v->ids = db_allocate(v->all * sizeof *v->ids);
    for (uint32_t id = 0; id < v->all; id++)
        if (read_token(v, id, file, &at, error))
            return -1;
    if (at != file->length)
        return db_fail(error, "%s: %zu bytes behind the last token", file->path, file->length - at);
    if (v->count < 16)
        return db_fail(error, "%s: %u tokens with a text, must be 16 or more", file->path, v->count);
    mark_specials(v);
    return 0;
}

/* ---- Weights ---- */

static int read_header(db_model_config *config, const db_foreign_file *file, db_error *error)
{
    static const char *const names[] = {"vocabulary", "dim", "hidden_dim", "layers", "heads", "context"};
    const uint8_t *bytes = file->bytes;
    uint32_t fields[8];
    if (file->length < HEADER_BYTES)
        return db_fail(error, "%s: %zu bytes are too few for a header", file->path, file->length);
    for (size_t i = 0; i < 8; i++)
        fields[i] = db_foreign_u32(bytes + 4 * i);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fields[i] < 1 || fields[i] > 65535)
            return db_fail(error, "%s: %s is %u, must be 1 to 65535; this is no such model", file->path, names[i],
                           fields[i]);
    *config = (db_model_config){.architecture = DOGBERRY_TRANSFORMER,
                                .output = DOGBERRY_DENSE,
                                .vocab = fields[0],
                                .embedding = fields[1],
                                .hidden = fields[2],
                                .layers = fields[3],
                                .heads = 1,
                                .kv_heads = 1,
                                .context = fields[5],
                                .feed_forward = DB_SILU,
                                .rotary_base = 0};
    db_error detail;
    return db_model_config_check(config, &detail) ? db_fail(error, "%s: %s", file->path, detail.message) : 0;
}

static size_t float_count(const db_model_config *c)
{
    const size_t d = c->embedding, h = c->hidden;
    return c->vocab * d + c->layers * (2 * d + 4 * d * d + 2 * d * h) + d;
}

/* How much larger the stream is here. */
static double stream_scale(void)
{
    return sqrt(DB_RMSNORM_EPSILON / EPSILON);
}

/* Writes `count` values, `step` apart, without their mean and times the stream's scale. */
static void write_centred(float *to, size_t to_step, const db_floats *from, size_t at, size_t count)
{
    double mean = 0;
    for (size_t i = 0; i < count; i++)
        mean += db_floats_at(from, at + i) / (double)count;
    for (size_t i = 0; i < count; i++)
        to[i * to_step] = (float)((db_floats_at(from, at + i) - mean) * stream_scale());
}

/* A matrix that reads a norm: there [cols][rows], here [rows][cols] with the gains in its columns. */
static void take_reader(db_model_dir *model, const db_tensor *tensor, const db_floats *from, size_t at, size_t gain)
{
    float *to = model->parameters + tensor->offset;
    for (size_t r = 0; r < tensor->rows; r++)
        for (size_t c = 0; c < tensor->cols; c++)
            *to++ = db_floats_at(from, at + c * tensor->rows + r) * db_floats_at(from, gain + c);
}

/* A matrix that writes to the stream: there [cols][rows], one vector of the stream a row. */
static void take_writer(db_model_dir *model, const db_tensor *tensor, const db_floats *from, size_t at)
{
    for (size_t c = 0; c < tensor->cols; c++)
        write_centred(model->parameters + tensor->offset + c, tensor->cols, from, at + c * tensor->rows, tensor->rows);
}

/* Returns where the next layer starts. */
static size_t take_layer(db_model_dir *model, const db_floats *from, uint32_t l, size_t at)
{
    const db_layout *layout = &model->layout;
    const size_t d = model->config.embedding, h = model->config.hidden, weights = at + 2 * d;
    take_reader(model, db_layout_find_block(layout, l, "self_attn.q_proj"), from, weights, at);
    take_reader(model, db_layout_find_block(layout, l, "self_attn.k_proj"), from, weights + d * d, at);
    take_reader(model, db_layout_find_block(layout, l, "self_attn.v_proj"), from, weights + 2 * d * d, at);
    take_writer(model, db_layout_find_block(layout, l, "self_attn.o_proj"), from, weights + 3 * d * d);
    take_reader(model, db_layout_find_block(layout, l, "mlp.up_proj"), from, weights + 4 * d * d, at + d);
    take_writer(model, db_layout_find_block(layout, l, "mlp.down_proj"), from, weights + 4 * d * d + d * h);
    return weights + 4 * d * d + 2 * d * h;
}

/* Rows of the tokens that are kept. */
static void take_tokens(db_model_dir *model, const db_floats *from, const vocabulary *v, size_t gain)
{
    const size_t d = model->config.embedding;
    float *embedding = model->parameters + db_layout_find(&model->layout, "model.embed_tokens.weight")->offset;
    float *output = model->parameters + db_layout_find(&model->layout, "lm_head.weight")->offset;
    for (size_t i = 0; i < v->count; i++) {
        write_centred(embedding + i * d, 1, from, v->ids[i] * d, d);
        for (size_t c = 0; c < d; c++)
            output[i * d + c] = db_floats_at(from, v->ids[i] * d + c) * db_floats_at(from, gain + c);
    }
}

static void take_weights(db_model_dir *model, const db_floats *from, const vocabulary *v)
{
    size_t at = (size_t)v->all * model->config.embedding;
    model->config.vocab = v->count;
    db_layout_make(&model->layout, &model->config);
    model->parameters = db_allocate(model->layout.parameters * sizeof(float));
    model->start_token = START_TOKEN;
    for (uint32_t l = 0; l < model->config.layers; l++)
        at = take_layer(model, from, l, at);
    assert(at + model->config.embedding == from->count);
    take_tokens(model, from, v, at);
}

int db_rp2040_read(db_model_dir *model, const db_foreign_file *weights, const db_foreign_file *words, size_t *empty,
                   db_error *error)
{
    if (read_header(&model->config, weights, error))
        return -1;
    const db_floats from = {(const uint8_t *)weights->bytes + HEADER_BYTES, float_count(&model->config)};
    const size_t wanted = HEADER_BYTES + 4 * from.count;
    if (weights->length != wanted)
        return db_fail(error, "%s: %zu bytes, but its sizes make %zu in float32; the file is %s", weights->path,
                       weights->length, wanted, weights->length < wanted ? "cut off or quantized" : "of another kind");
    vocabulary v = {0};
    db_error detail = {""};
    int result = db_floats_check(&from, weights->path, error) || read_vocabulary(&v, words, model->config.vocab, error);
    if (!result && db_section_build(&model->tokenizer, DOGBERRY_SUBWORD, v.entries, v.count,
                                    DOGBERRY_FOLD_CAPITALS | DOGBERRY_ACROSS_PIECES, &detail))
        result = db_fail(error, "%s: %s", words->path, detail.message);
    if (!result) {
        take_weights(model, &from, &v);
        result = db_folded_check(model->parameters, model->layout.parameters, weights->path, error);
    }
    *empty = v.all - v.count;
    free(v.entries);
    free(v.ids);
    return result ? -1 : 0;
}

int db_rp2040_check(const db_model_dir *model, size_t empty, const db_foreign_file *file, db_error *error)
{
    const db_model_config *c = &model->config;
    const struct {
        const char *key;
        size_t value;
    } sizes[] = {{"vocab_size", c->vocab + empty},
                 {"dim", c->embedding},
                 {"hidden_dim", c->hidden},
                 {"n_layers", c->layers},
                 {"max_seq_len", c->context}};
    json_t *root = db_json_object(file->bytes, file->length, file->path, error);
    int result = root ? 0 : -1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !result; i++) {
        const json_t *value = json_object_get(root, sizes[i].key);
        if (value && json_integer_value(value) != (json_int_t)sizes[i].value)
            result =
                db_fail(error, "%s: \"%s\" is not %zu, as the model has it", file->path, sizes[i].key, sizes[i].value);
    }
    json_decref(root);
    return result;
}
