/* SPDX-License-Identifier: MIT */
#include "pack/image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dogberry.h"

enum { ALIGNMENT = 16, TABLE_ENTRY = 32 };

/* Byte offsets of header fields (docs/FORMAT.md, "Header"). */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_HEADER_BYTES = 6,
    AT_TOTAL = 8,
    AT_CHECKSUM = 12,
    AT_ARCHITECTURE = 16,
    AT_OUTPUT = 17,
    AT_LAYERS = 18,
    AT_LOGIT_FRAC = 19,
    AT_VOCAB = 20,
    AT_EMBEDDING = 24,
    AT_HIDDEN = 28,
    AT_CLASSES = 32,
    AT_START_TOKEN = 36,
    AT_END_TOKEN = 38,
    AT_UNKNOWN_TOKEN = 40,
    AT_TENSOR_COUNT = 44,
    AT_TABLE = 48,
    AT_TOKENIZER = 52,
    AT_TOKENIZER_BYTES = 56,
    AT_PROVENANCE = 60,
    AT_PROVENANCE_BYTES = 64,
    AT_PARAMETERS = 68,
    AT_TEMPERATURE = 72,
    AT_TOP_K = 76,
    AT_GOLDEN_SEED = 80,
    AT_GOLDEN_TOKENS = 84,
    AT_GOLDEN_DIGEST = 88,
    AT_GOLDEN_PROMPT_BYTES = 92,
    AT_NAME = 96,
    AT_GOLDEN_PROMPT = 128,
    AT_TOP_P = 224,
    AT_MIN_P = 228,
    AT_REPEAT_PENALTY = 232,
    AT_REPEAT_WINDOW = 236,
    AT_NO_REPEAT = 240,
    AT_HEADS = 244,
    AT_KV_HEADS = 246,
    AT_CONTEXT = 248,
    AT_FEED_FORWARD = 250,
    AT_KEY_BITS = 251,
    AT_NORM_EPSILON = 252
};

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value);
    put16(at + 2, value >> 16);
}

/* A text into a field that is zero where the text ends. */
static void put_text(uint8_t *at, const char *text)
{
    for (; *text; text++)
        *at++ = (uint8_t)*text;
}

static uint32_t aligned(uint64_t offset)
{
    uint64_t rounded = (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    assert(rounded <= UINT32_MAX);
    return (uint32_t)rounded;
}

/* ---- Layout ---- */

typedef struct {
    uint32_t data[DB_IMAGE_TENSORS_MAX], scales[DB_IMAGE_TENSORS_MAX];
    uint32_t tokenizer, provenance, total;
} places;

/* Rows that have scale words: int4 rows come in blocks of eight. */
static uint32_t padded_rows(const db_image_tensor *tensor)
{
    return tensor->group_scales ? (tensor->rows + 7) / 8 * 8 : tensor->rows;
}

static uint64_t data_bytes(const db_image_tensor *tensor)
{
    uint32_t lines = tensor->type == DB_TYPE_INT4_ROWS ? padded_rows(tensor) / 8 : tensor->rows;
    if (tensor->by_column)
        lines = tensor->cols;
    return (uint64_t)lines * tensor->stride;
}

static places find_places(const db_image_parts *parts)
{
    places found = {0};
    uint32_t at = aligned(DOGBERRY_HEADER_BYTES + (uint64_t)parts->tensor_count * TABLE_ENTRY);
    for (uint32_t i = 0; i < parts->tensor_count; i++) {
        const db_image_tensor *tensor = &parts->tensors[i];
        found.data[i] = at;
        at = aligned(at + data_bytes(tensor));
        if (tensor->scales) {
            found.scales[i] = at;
            at = aligned(at + (uint64_t)padded_rows(tensor) * 4 + tensor->group_scale_bytes);
        }
    }
    found.tokenizer = at;
    found.provenance = aligned(at + (uint64_t)parts->tokenizer_bytes);
    found.total = aligned(found.provenance + (uint64_t)strlen(parts->provenance));
    return found;
}

/* ---- Writing ---- */

static void write_header(uint8_t *out, const db_image_parts *parts, const places *at)
{
    const db_model_config *config = &parts->config;
    assert(strlen(parts->name) <= DB_IMAGE_NAME_MAX);
    put_text(out + AT_MAGIC, "DOGB");
    put16(out + AT_VERSION, DOGBERRY_FORMAT_VERSION);
    put16(out + AT_HEADER_BYTES, DOGBERRY_HEADER_BYTES);
    put32(out + AT_TOTAL, at->total);
    out[AT_ARCHITECTURE] = (uint8_t)config->architecture;
    out[AT_OUTPUT] = (uint8_t)config->output;
    out[AT_LAYERS] = (uint8_t)config->layers;
    out[AT_LOGIT_FRAC] = (uint8_t)parts->logit_frac;
    put32(out + AT_VOCAB, config->vocab);
    put32(out + AT_EMBEDDING, config->embedding);
    put32(out + AT_HIDDEN, config->hidden);
    put32(out + AT_CLASSES, config->classes);
    put16(out + AT_START_TOKEN, parts->start_token);
    put16(out + AT_END_TOKEN, parts->end_token);
    put16(out + AT_UNKNOWN_TOKEN, parts->unknown_token);
    put32(out + AT_TENSOR_COUNT, parts->tensor_count);
    put32(out + AT_TABLE, DOGBERRY_HEADER_BYTES);
    put32(out + AT_TOKENIZER, at->tokenizer);
    put32(out + AT_TOKENIZER_BYTES, (uint32_t)parts->tokenizer_bytes);
    put32(out + AT_PROVENANCE, at->provenance);
    put32(out + AT_PROVENANCE_BYTES, (uint32_t)strlen(parts->provenance));
    put32(out + AT_PARAMETERS, parts->parameters);
    put32(out + AT_TEMPERATURE, parts->sampling.temperature);
    put32(out + AT_TOP_K, parts->sampling.top_k);
    put32(out + AT_TOP_P, parts->sampling.top_p);
    put32(out + AT_MIN_P, parts->sampling.min_p);
    put32(out + AT_REPEAT_PENALTY, parts->sampling.repeat_penalty);
    put32(out + AT_REPEAT_WINDOW, parts->sampling.repeat_window);
    put32(out + AT_NO_REPEAT, parts->sampling.no_repeat);
    put_text(out + AT_NAME, parts->name);
    put16(out + AT_HEADS, config->heads);
    put16(out + AT_KV_HEADS, config->kv_heads);
    put16(out + AT_CONTEXT, config->context);
    out[AT_FEED_FORWARD] = (uint8_t)config->feed_forward;
    out[AT_KEY_BITS] = (uint8_t)parts->key_bits;
    put32(out + AT_NORM_EPSILON, parts->norm_epsilon);
}

static void write_entry(uint8_t *entry, const db_image_tensor *tensor, uint32_t data, uint32_t scales)
{
    entry[0] = tensor->role;
    entry[1] = tensor->layer;
    entry[2] = tensor->type;
    entry[3] = tensor->detail;
    put32(entry + 4, tensor->rows);
    put32(entry + 8, tensor->cols);
    put32(entry + 12, tensor->stride);
    put32(entry + 16, data);
    put32(entry + 20, (uint32_t)data_bytes(tensor));
    put32(entry + 24, scales);
}

/* Integers of 2 or 4 bytes are laid down low byte first whatever the host does. */
static void write_data(uint8_t *out, const db_image_tensor *tensor)
{
    if (tensor->type == DB_TYPE_INT8_ROWS)
        memcpy(out, tensor->data, data_bytes(tensor));
    else if (tensor->type == DB_TYPE_INT16 || tensor->type == DB_TYPE_UINT16)
        for (uint32_t i = 0; i < tensor->rows; i++)
            put16(out + 2 * (size_t)i, ((const uint16_t *)tensor->data)[i]);
    else
        for (size_t i = 0; i < data_bytes(tensor) / 4; i++)
            put32(out + 4 * i, ((const uint32_t *)tensor->data)[i]);
}

static void write_scales(uint8_t *out, const db_image_tensor *tensor)
{
    for (uint32_t r = 0; r < tensor->rows; r++)
        put32(out + 4 * (size_t)r, tensor->scales[r]);
    if (tensor->group_scales)
        memcpy(out + 4 * (size_t)padded_rows(tensor), tensor->group_scales, tensor->group_scale_bytes);
}

static void write_checksum(uint8_t *bytes, size_t length)
{
    uint32_t sum = dogberry_crc32(0, bytes, AT_CHECKSUM);
    put32(bytes + AT_CHECKSUM, dogberry_crc32(sum, bytes + AT_CHECKSUM + 4, length - AT_CHECKSUM - 4));
}

void db_image_write(const db_image_parts *parts, uint8_t **bytes, size_t *length)
{
    assert(parts->tensor_count <= DB_IMAGE_TENSORS_MAX);
    places at = find_places(parts);
    uint8_t *out = db_allocate(at.total);
    write_header(out, parts, &at);
    for (uint32_t i = 0; i < parts->tensor_count; i++) {
        const db_image_tensor *tensor = &parts->tensors[i];
        write_entry(out + DOGBERRY_HEADER_BYTES + i * TABLE_ENTRY, tensor, at.data[i], at.scales[i]);
        write_data(out + at.data[i], tensor);
        if (tensor->scales)
            write_scales(out + at.scales[i], tensor);
    }
    memcpy(out + at.tokenizer, parts->tokenizer, parts->tokenizer_bytes);
    memcpy(out + at.provenance, parts->provenance, strlen(parts->provenance));
    write_checksum(out, at.total);
    *bytes = out;
    *length = at.total;
}

/* ---- Golden vector ---- */

static int run_golden(const dogberry_image *image, void *arena, size_t arena_bytes, const char *prompt, uint32_t seed,
                      uint32_t tokens, uint32_t *digest)
{
    dogberry_session *session;
    int status = dogberry_start(&session, image, arena, arena_bytes);
    if (status < 0)
        return status;
    dogberry_reset(session, seed);
    status = dogberry_feed(session, prompt, strlen(prompt));
    for (uint32_t i = 0; status >= 0 && i < tokens; i++) {
        char piece[DOGBERRY_PIECE_MAX];
        status = dogberry_next(session, piece, sizeof piece, NULL);
    }
    *digest = dogberry_digest(session);
    return status;
}

int db_image_set_golden(uint8_t *bytes, size_t length, const char *prompt, uint32_t seed, uint32_t tokens,
                        db_error *error)
{
    assert(strlen(prompt) <= DB_IMAGE_PROMPT_MAX && tokens <= DB_IMAGE_GOLDEN_MAX);
    dogberry_image image;
    uint32_t digest = 0;
    int status = dogberry_open(&image, bytes, length);
    if (status != DOGBERRY_OK)
        return db_fail(error, "pack: the runtime refuses the image: %s", dogberry_status_name(status));
    size_t arena_bytes = dogberry_session_bytes(&image);
    void *arena = db_allocate(arena_bytes);
    status = run_golden(&image, arena, arena_bytes, prompt, seed, tokens, &digest);
    if (status >= 0) {
        put32(bytes + AT_GOLDEN_SEED, seed);
        put32(bytes + AT_GOLDEN_TOKENS, tokens);
        put32(bytes + AT_GOLDEN_DIGEST, digest);
        put32(bytes + AT_GOLDEN_PROMPT_BYTES, (uint32_t)strlen(prompt));
        memset(bytes + AT_GOLDEN_PROMPT, 0, DB_IMAGE_PROMPT_MAX);
        put_text(bytes + AT_GOLDEN_PROMPT, prompt);
        write_checksum(bytes, length);
        status = dogberry_open(&image, bytes, length);
    }
    if (status >= 0)
        status = dogberry_verify(&image, arena, arena_bytes);
    free(arena);
    if (status < 0)
        return db_fail(error, "pack: the runtime does not run the image: %s", dogberry_status_name(status));
    return 0;
}
