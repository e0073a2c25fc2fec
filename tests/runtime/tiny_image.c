/* SPDX-License-Identifier: MIT */
#include "tiny_image.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "tiny_tokenizer.h"

typedef struct {
    uint8_t *bytes;
    size_t at, capacity;
    uint32_t random;
} writer;

const void *tiny_at(const dogberry_image *image, uint32_t offset)
{
    return image->source.bytes + offset;
}

uint32_t tiny_random(uint32_t *state, uint32_t bound)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(*state >> 8) * bound) >> 24);
}

static void put(uint8_t *place, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        place[i] = (uint8_t)(value >> 8 * i);
}

static void align(writer *w)
{
    w->at = (w->at + 15u) & ~(size_t)15u;
    assert(w->at <= w->capacity);
}

tiny_config tiny_default(void)
{
    tiny_config config = {.kind = DOGBERRY_WORD,
                          .architecture = DOGBERRY_LSTM,
                          .output = DOGBERRY_DENSE,
                          .layers = 1,
                          .vocab = TINY_WORDS + 2,
                          .embedding = 8,
                          .hidden = 12,
                          .cell_frac = 11,
                          .logit_frac = 8,
                          .temperature = 1000,
                          .seed = 7};
    return config;
}

tiny_config tiny_transformer(void)
{
    tiny_config config = tiny_default();

    config.architecture = DOGBERRY_TRANSFORMER;
    config.layers = 2;
    config.embedding = 9;
    config.hidden = 20;
    config.heads = 3;
    config.kv_heads = 1;
    config.context = 6;
    config.feed_forward = DOGBERRY_RELU2;
    config.key_bits = 8;
    return config;
}

/* A factor as a scale word. */
static uint32_t scale_word(double factor)
{
    int exponent;
    double mantissa = floor(frexp(factor, &exponent) * 32768.0 + 0.5);
    uint32_t m = mantissa > 32767.0 ? 32767u : (uint32_t)mantissa;

    assert(15 - exponent >= 8 && 15 - exponent <= 46);
    return m | (uint32_t)(15 - exponent) << 16;
}

/* Scale words around `factor`, each row its own. */
static void write_scales(writer *w, uint32_t rows, double factor)
{
    for (uint32_t r = 0; r < rows; r++, w->at += 4)
        put(w->bytes + w->at, scale_word(factor * (0.5 + tiny_random(&w->random, 1000) / 1000.0)), 4);
    align(w);
}

static void write_int16(writer *w, uint32_t rows, int32_t size)
{
    for (uint32_t r = 0; r < rows; r++, w->at += 2)
        put(w->bytes + w->at, (uint32_t)((int32_t)tiny_random(&w->random, (uint32_t)(2 * size + 1)) - size), 2);
    align(w);
}

/* A byte or a nibble for each row, in blocks of eight, column by column; what is beyond the rows is 0, as nibble 8. */
static void write_columns(writer *w, uint32_t rows, uint32_t cols, uint32_t bits)
{
    for (uint32_t c = 0; c < cols; c++) {
        for (uint32_t r = 0; r < (rows + 7) / 8 * 8; r++) {
            uint8_t *at = w->bytes + w->at + r * bits / 8;
            uint32_t value = tiny_random(&w->random, bits == 8 ? 255 : 16);

            if (bits == 8)
                *at = (uint8_t)(r < rows ? value - 127 : 0);
            else
                *at = (uint8_t)((r % 2 ? *at : 0) | (r < rows ? value : 8) << 4 * (r % 2));
        }
        w->at += (rows + 7) / 8 * bits;
    }
    align(w);
}

static void write_int8(writer *w, uint32_t rows, uint32_t cols)
{
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < cols; c++)
            w->bytes[w->at + c] = (uint8_t)((int32_t)tiny_random(&w->random, 255) - 127);
        w->at += cols;
        align(w);
    }
}

/* Blocks of eight rows, a word a column; what is beyond rows and columns is 8. */
static void write_int4(writer *w, uint32_t rows, uint32_t cols, uint32_t columns)
{
    for (uint32_t first = 0; first < rows; first += 8) {
        for (uint32_t c = 0; c < columns; c++, w->at += 4) {
            uint32_t word = 0x88888888u;

            for (uint32_t k = 0; k < 8 && first + k < rows && c < cols; k++)
                word = (word & ~(15u << 4 * k)) | tiny_random(&w->random, 16) << 4 * k;
            put(w->bytes + w->at, word, 4);
        }
    }
    align(w);
}

/* Scale words, then group scales in blocks of eight rows; zero beyond the rows. By column they lie by group. */
static void write_int4_scales(writer *w, uint32_t rows, uint32_t cols, double factor, int by_column)
{
    uint32_t blocks = (rows + 7) / 8, groups = (cols + 63) / 64;

    for (uint32_t r = 0; r < 8 * blocks; r++, w->at += 4) {
        double scale = factor / 16 * (0.5 + tiny_random(&w->random, 1000) / 1000.0);

        put(w->bytes + w->at, r < rows ? scale_word(scale) : 0, 4);
    }
    for (uint32_t i = 0; i < blocks * groups * 8; i++) {
        uint32_t row = by_column ? i % (8 * blocks) : i / (8 * groups) * 8 + i % 8;

        w->bytes[w->at++] = (uint8_t)(row < rows ? 1 + tiny_random(&w->random, 255) : 0);
    }
    align(w);
}

/* One tensor with its table entry. `size`: the typical scale factor, or the largest value of an int16. */
static void add_tensor(writer *w, uint32_t *index, uint32_t role_layer_detail, uint32_t type, uint32_t rows,
                       uint32_t cols, double size)
{
    uint8_t *e = w->bytes + 256 + 32u * (*index)++;
    uint32_t columns = (cols + 15u) & ~15u;
    uint32_t stride = type == 1 ? columns : type == 2 ? 4 * columns : type == 3 ? 2u : 4u;
    uint32_t lines = type == 2 ? (rows + 7) / 8 : rows;
    int by_column = (role_layer_detail & 0xFFu) == 17 && role_layer_detail >> 24 == 1;

    if (by_column) {
        stride = (rows + 7) / 8 * (8 / type);
        lines = cols;
    }
    put(e, role_layer_detail | type << 16, 4);
    put(e + 4, rows, 4);
    put(e + 8, cols, 4);
    put(e + 12, stride, 4);
    put(e + 16, (uint32_t)w->at, 4);
    put(e + 20, lines * stride, 4);
    if (type == 2) {
        if (!by_column)
            write_int4(w, rows, cols, columns);
        else
            write_columns(w, rows, cols, 4);
        put(e + 24, (uint32_t)w->at, 4);
        write_int4_scales(w, rows, cols, size, by_column);
    } else if (type == 1) {
        if (!by_column)
            write_int8(w, rows, cols);
        else
            write_columns(w, rows, cols, 8);
        put(e + 24, (uint32_t)w->at, 4);
        write_scales(w, rows, size);
    } else if (type == 3) {
        write_int16(w, rows, (int32_t)size);
    } else {
        write_scales(w, rows, size);
    }
}

/* Scale words of norms, then of heads; or, with neither, turns. */
static void add_words(writer *w, uint32_t *index, uint32_t role_layer, uint32_t norms, uint32_t heads, uint32_t turns)
{
    uint8_t *e = w->bytes + 256 + 32u * (*index)++;
    uint32_t count = norms + heads + turns;
    const uint32_t fields[] = {role_layer | (turns ? 6u : 4u) << 16, count, 1, 4, (uint32_t)w->at, 4 * count};

    for (uint32_t i = 0; i < 6; i++)
        put(e + 4 * i, fields[i], 4);
    for (uint32_t i = 0; i < count; i++, w->at += 4) {
        double factor = (i < norms ? 0.09 : 2) * (0.5 + tiny_random(&w->random, 1000) / 1000.0);

        put(w->bytes + w->at, turns ? tiny_random(&w->random, 1u << 24) * 113u : scale_word(factor), 4);
    }
    align(w);
}

static uint32_t tensor_count(const tiny_config *c)
{
    if (c->architecture == DOGBERRY_TRANSFORMER)
        return 4 + 6 * c->layers + (c->embedding / c->heads > 1);
    return 3 + c->layers * (c->architecture == DOGBERRY_GRU ? 4u : 3u) + (c->output == DOGBERRY_FACTORED ? 5u : 0u);
}

static uint32_t type_of(const tiny_config *c, uint32_t role)
{
    return c->int4_roles >> role & 1u ? 2 : 1;
}

static void add_numbers(writer *w, uint32_t *index, uint32_t role, const uint16_t *values, uint32_t count)
{
    uint8_t *e = w->bytes + 256 + 32u * (*index)++;
    const uint32_t fields[] = {role | 5u << 16, count, 1, 2, (uint32_t)w->at, 2 * count};

    for (uint32_t i = 0; i < 6; i++)
        put(e + 4 * i, fields[i], 4);
    for (uint32_t i = 0; i < count; i++, w->at += 2)
        put(w->bytes + w->at, values[i], 2);
    align(w);
}

/* A class-factored output's rows of classes and its order of tokens, shuffled. */
static void add_classes(writer *w, uint32_t *index, const tiny_config *c)
{
    uint16_t *tokens = calloc(3 * (size_t)c->vocab + 3, sizeof *tokens), *places = tokens + c->vocab;
    uint16_t *first = places + c->vocab;

    assert(tokens && c->classes >= 2 && c->classes <= c->vocab);
    for (uint32_t i = 0; i < c->vocab; i++) {
        uint32_t j = tiny_random(&w->random, i + 1);

        tokens[i] = tokens[j];
        tokens[j] = (uint16_t)i;
    }
    for (uint32_t i = 0; i < c->vocab; i++)
        places[tokens[i]] = (uint16_t)i;
    for (uint32_t k = 1; k <= c->classes; k++)
        first[k] = (uint16_t)(1 + (c->vocab - 1) * (k - 1) / (c->classes - 1));
    add_tensor(w, index, 9, type_of(c, 9), c->classes, c->hidden, 0.2 / sqrt(c->hidden));
    add_tensor(w, index, 10, 3, c->classes, 1, 200);
    add_numbers(w, index, 11, tokens, c->vocab);
    add_numbers(w, index, 12, places, c->vocab);
    add_numbers(w, index, 13, first, c->classes + 1);
    free(tokens);
}

static void add_output(writer *w, uint32_t *index, const tiny_config *c, uint32_t width)
{
    if (c->output == DOGBERRY_TIED)
        add_tensor(w, index, 8, 4, c->vocab, 1, (type_of(c, 1) == 2 ? 0.0125 : 0.2) / sqrt(width));
    else
        add_tensor(w, index, 6, type_of(c, 6), c->vocab, width, 0.2 / sqrt(width));
    add_tensor(w, index, 7, 3, c->vocab, 1, 200);
}

static uint32_t add_transformer(writer *w, const tiny_config *c)
{
    uint32_t index = 0, width = c->embedding, head = width / c->heads, fused = width + 2 * c->kv_heads * head;
    uint32_t inner = c->feed_forward == DOGBERRY_SWIGLU ? 2 * c->hidden : c->hidden;
    uint32_t scales = c->feed_forward == DOGBERRY_SILU ? c->hidden : 0;
    uint32_t by_column = c->feed_forward <= DOGBERRY_RELU2 && !c->outer_by_row;

    add_tensor(w, &index, 1, type_of(c, 1), c->vocab, width, 10);
    for (uint32_t l = 0; l < c->layers; l++) {
        uint32_t layer = l << 8;

        add_tensor(w, &index, 14 | layer | 12u << 24, type_of(c, 14), fused, width, 2 / sqrt(width));
        add_tensor(w, &index, 15 | layer, type_of(c, 15), width, width, 1 / sqrt(width));
        add_tensor(w, &index, 16 | layer, type_of(c, 16), inner, width, 2 / sqrt(width));
        add_tensor(w, &index, 17 | layer | by_column << 24, type_of(c, 17), width, c->hidden, 1 / sqrt(c->hidden));
        add_tensor(w, &index, 18 | layer, 3, fused + width + inner + width + scales, 1, 400);
        add_words(w, &index, 19 | layer, 2, c->heads, 0);
    }
    add_output(w, &index, c, width);
    add_words(w, &index, 20, 1, 0, 0);
    if (head > 1)
        add_words(w, &index, 21, 0, 0, head / 2);
    return index;
}

static uint32_t add_tensors(writer *w, const tiny_config *c)
{
    if (c->architecture == DOGBERRY_TRANSFORMER)
        return add_transformer(w, c);
    uint32_t index = 0, gates = c->architecture == DOGBERRY_LSTM ? 4u : 3u;

    add_tensor(w, &index, 1, type_of(c, 1), c->vocab, c->embedding, 0.4);
    for (uint32_t l = 0; l < c->layers; l++) {
        uint32_t cols = l == 0 ? c->embedding : c->hidden, layer = l << 8;
        uint32_t detail = c->architecture == DOGBERRY_LSTM ? c->cell_frac << 24 : 0;

        add_tensor(w, &index, 2 | layer | detail, type_of(c, 2), gates * c->hidden, cols, 1.0 / sqrt(cols));
        add_tensor(w, &index, 3 | layer, type_of(c, 3), gates * c->hidden, c->hidden, 1.0 / sqrt(c->hidden));
        add_tensor(w, &index, 4 | layer, 3, gates * c->hidden, 1, 4000);
        if (c->architecture == DOGBERRY_GRU)
            add_tensor(w, &index, 5 | layer, 3, c->hidden, 1, 4000);
    }
    add_output(w, &index, c, c->hidden);
    if (c->output == DOGBERRY_FACTORED)
        add_classes(w, &index, c);
    return index;
}

/* More than the image takes. */
static size_t image_room(const tiny_config *c)
{
    size_t cols = 32 + (size_t)(c->embedding > c->hidden ? c->embedding : c->hidden);

    return 8192 + (2 * (size_t)c->vocab + c->classes + 16 + 8 * (size_t)c->layers * c->hidden) * (cols + 32) +
           6 * (size_t)c->vocab + tiny_tokenizer_room(c->vocab);
}

uint8_t *tiny_build(const tiny_config *c, size_t *length)
{
    writer w = {calloc(1, image_room(c)), 0, image_room(c), c->seed};
    uint8_t *p = w.bytes;
    static const char provenance[] = "{\"test\": true}";

    assert(p && c->vocab >= (c->kind == DOGBERRY_BPE ? TINY_BPE : TINY_WORDS));
    w.at = 256 + 32 * (size_t)tensor_count(c);
    uint32_t tensors = add_tensors(&w, c);

    memcpy(p, "DOGB\x01\x00\x00\x01", 8);
    put(p + 16, c->architecture | c->output << 8 | c->layers << 16 | c->logit_frac << 24, 4);
    put(p + 20, c->vocab, 4);
    put(p + 24, c->embedding, 4);
    put(p + 28, c->hidden, 4);
    put(p + 32, c->classes, 4);
    put(p + 36, TINY_END | TINY_END << 16, 4);
    put(p + 40, TINY_UNKNOWN, 4);
    put(p + 44, tensors, 4);
    put(p + 48, 256, 4);
    put(p + 52, (uint32_t)w.at, 4);
    put(p + 56, (uint32_t)tiny_tokenizer_write(p + w.at, c->kind, c->vocab, tiny_tokenizer_flags(c->kind)), 4);
    w.at += p[56] | (size_t)p[57] << 8 | (size_t)p[58] << 16;
    align(&w);
    put(p + 60, (uint32_t)w.at, 4);
    put(p + 64, sizeof provenance - 1, 4);
    memcpy(p + w.at, provenance, sizeof provenance - 1);
    w.at += sizeof provenance - 1;
    align(&w);
    put(p + 68, 12345, 4);
    put(p + 72, c->temperature, 4);
    put(p + 76, c->top_k, 4);
    put(p + 224, c->top_p, 4);
    put(p + 228, c->min_p, 4);
    put(p + 232, c->repeat_penalty, 4);
    put(p + 236, c->repeat_window, 4);
    put(p + 240, c->no_repeat, 4);
    if (c->architecture == DOGBERRY_TRANSFORMER) {
        put(p + 244, c->heads | c->kv_heads << 16, 4);
        put(p + 248, c->context | c->feed_forward << 16 | c->key_bits << 24, 4);
        put(p + 252, 30, 4);
    }
    strcpy((char *)p + 96, "tiny caf\xC3\xA9");
    put(p + 8, (uint32_t)w.at, 4);
    tiny_seal(p);
    uint8_t *copy = tiny_copy(p, w.at);

    free(p);
    *length = w.at;
    return copy;
}

void tiny_seal(uint8_t *image)
{
    uint32_t total = tiny_get32(image + 8), crc = 0xFFFFFFFFu;

    for (uint32_t i = 0; i < total; i++) { /* a bit at a time: not the runtime's own way */
        if (i >= 12 && i < 16)
            continue;
        crc ^= image[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    put(image + 12, ~crc, 4);
}

void tiny_seal_quickly(uint8_t *bytes, size_t length)
{
    uint32_t total = length < DOGBERRY_HEADER_BYTES ? 0 : tiny_get32(bytes + 8);

    if (total >= DOGBERRY_HEADER_BYTES && total <= length)
        put(bytes + 12, dogberry_crc32(dogberry_crc32(0, bytes, 12), bytes + 16, total - 16), 4);
}

uint32_t tiny_get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void tiny_put32(uint8_t *p, uint32_t value)
{
    put(p, value, 4);
}

static void require(int condition)
{
    if (!condition)
        abort();
}

void tiny_run(const dogberry_image *image, uint32_t tokens)
{
    size_t bytes = dogberry_session_bytes(image);
    void *arena = malloc(bytes);
    char piece[DOGBERRY_PIECE_MAX];
    dogberry_session *session;

    require(dogberry_start(&session, image, arena, bytes) == DOGBERRY_OK);
    require(dogberry_feed(session, "the Claudio says\n", 17) >= 0);
    for (uint32_t i = 0; i < tokens; i++) {
        int token = dogberry_next(session, piece, sizeof piece, NULL);

        require(token >= 0 && (uint32_t)token < image->vocab && token != image->unknown_token);
    }
    free(arena);
}

void tiny_set_golden(uint8_t *bytes, const char *prompt, uint32_t seed, uint32_t tokens)
{
    size_t length = tiny_get32(bytes + 8);
    dogberry_image image;
    dogberry_session *session;
    char piece[DOGBERRY_PIECE_MAX];

    memset(bytes + 128, 0, 96);
    memcpy(bytes + 128, prompt, strlen(prompt));
    put(bytes + 80, seed, 4);
    put(bytes + 84, 0, 4);
    put(bytes + 92, (uint32_t)strlen(prompt), 4);
    tiny_seal(bytes);
    int status = dogberry_open(&image, bytes, length);

    assert(status == DOGBERRY_OK);
    void *arena = malloc(dogberry_session_bytes(&image));

    status = dogberry_start(&session, &image, arena, dogberry_session_bytes(&image));
    assert(status == DOGBERRY_OK);
    (void)status;
    dogberry_reset(session, seed);
    dogberry_feed(session, prompt, strlen(prompt));
    for (uint32_t i = 0; i < tokens; i++)
        dogberry_next(session, piece, sizeof piece, NULL);
    put(bytes + 84, tokens, 4);
    put(bytes + 88, dogberry_digest(session), 4);
    tiny_seal(bytes);
    free(arena);
}

uint8_t *tiny_copy(const uint8_t *image, size_t length)
{
    uint8_t *copy = NULL;

    if (posix_memalign((void **)&copy, 16, length > 0 ? length : 1))
        abort();
    memcpy(copy, image, length);
    return copy;
}
