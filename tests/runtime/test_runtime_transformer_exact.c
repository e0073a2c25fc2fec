/*
 * Transformers to the bit: a second implementation of docs/NUMERICS.md, as it is written there, in 64-bit numbers and
 * without any kernel or shortcut, on tensors found in the image by docs/FORMAT.md.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "tiny_image.h"

enum { WIDTH_MAX = 96, VOCAB_MAX = 32, CONTEXT_MAX = 40, LAYERS = 2, TOKENS = 60 };
enum {
    EMBEDDING = 1,
    OUTPUT = 6,
    OUTPUT_BIAS,
    TIED_SCALES,
    ATTENTION = 14,
    MIXED,
    INNER,
    OUTER,
    BIAS,
    WORDS,
    NORM,
    TURNS
};

/* ---- Numbers ---- */

static int64_t round_shift(int64_t v, uint32_t s)
{
    return s == 0 ? v : (v + ((int64_t)1 << (s - 1))) >> s;
}

static int64_t sat(int64_t v, uint32_t bits)
{
    const int64_t most = ((int64_t)1 << (bits - 1)) - 1;

    return v > most ? most : v < -most - 1 ? -most - 1 : v;
}

static int64_t rescale(int64_t sum, uint32_t word)
{
    return round_shift(sum * (word & 0x7FFF), word >> 16);
}

/* A word divided by v 2^e. */
static uint32_t divide(uint32_t word, uint64_t v, int32_t e)
{
    const uint64_t q = (((uint64_t)(word & 0x7FFF) << 16) + v / 2) / v;
    const uint32_t s = (uint32_t)((int32_t)(word >> 16) + 16 + e);

    return q < 32768 ? (uint32_t)q | s << 16 : (uint32_t)((q + 1) >> 1) | (s - 1) << 16;
}

static int64_t sine(uint32_t phase)
{
    const uint32_t q = phase >> 30, t = phase >> 12 & 0x3FFFF, u = q % 2 ? (1u << 18) - t : t;
    const double step = 2 * acos(-1.0) / 256;
    const int64_t a = (int64_t)floor(16384 * sin(step * (u >> 12)) + 0.5);
    const int64_t b = (int64_t)floor(16384 * sin(step * ((u >> 12) + 1)) + 0.5);
    const int64_t v = a + (((b - a) * (u & 4095) + 2048) >> 12);

    return q >= 2 ? -v : v;
}

/* 2^-(e / 2^26) in Q24. */
static int64_t power(uint64_t e)
{
    const int64_t a = (int64_t)floor(16777216 * exp2(-(double)(e >> 20 & 63) / 64) + 0.5);
    const int64_t b = (int64_t)floor(16777216 * exp2(-(double)((e >> 20 & 63) + 1) / 64) + 0.5);

    return round_shift(a - (((a - b) * (int64_t)(e >> 8 & 4095) + 2048) >> 12), (uint32_t)(e >> 26));
}

static int64_t sigmoid(int64_t x)
{
    const int64_t magnitude = x < -32767 ? 32767 : x < 0 ? -x : x, i = magnitude >> 7, p = magnitude & 127;
    const int64_t a = (int64_t)floor(32768 / (1 + exp(-(double)i / 32)) + 0.5);
    const int64_t b = (int64_t)floor(32768 / (1 + exp(-(double)(i + 1) / 32)) + 0.5);
    const int64_t y = a + (((b - a) * p + 64) >> 7);

    return x < 0 ? 32768 - y : y;
}

/* ---- Tensors ---- */

typedef struct {
    const uint8_t *data, *scales;
    uint32_t role, type, detail, rows, cols, stride;
} tensor;

static tensor find(const uint8_t *bytes, uint32_t role, uint32_t layer)
{
    for (const uint8_t *e = bytes + 256; e < bytes + 256 + 32 * bytes[44]; e += 32)
        if (e[0] == role && e[1] == layer)
            return (tensor){bytes + tiny_get32(e + 16), bytes + tiny_get32(e + 24), role, e[2], e[3], tiny_get32(e + 4),
                            tiny_get32(e + 8),          tiny_get32(e + 12)};
    return (tensor){0};
}

static uint32_t word_of(const tensor *t, uint32_t row)
{
    return tiny_get32((t->type == 4 || t->type == 6 ? t->data : t->scales) + 4 * row);
}

static int64_t bias_of(const tensor *t, uint32_t row)
{
    return (int16_t)(t->data[2 * row] | t->data[2 * row + 1] << 8);
}

/* A weight times its group's scale. */
static int64_t weight(const tensor *t, uint32_t row, uint32_t c)
{
    const uint32_t all = (t->rows + 7) / 8 * 8, groups = (t->cols + 63) / 64;
    const uint8_t *z = t->scales + 4 * all;

    const int by_column = t->role == OUTER && t->detail;

    if (t->type == 1 && !by_column)
        return (int8_t)t->data[row * t->stride + c];
    if (t->type == 1)
        return (int8_t)t->data[c * t->stride + row];
    if (by_column)
        return ((int64_t)(t->data[c * t->stride + row / 2] >> 4 * (row % 2) & 15) - 8) * z[c / 64 * all + row];
    const uint32_t word = tiny_get32(t->data + row / 8 * t->stride + 4 * c);

    return ((int64_t)(word >> 4 * (row % 8) & 15) - 8) * z[(row / 8 * groups + c / 64) * 8 + row % 8];
}

static int64_t dot(const tensor *t, uint32_t row, const int64_t *x)
{
    int64_t sum = 0;

    for (uint32_t c = 0; c < t->cols; c++)
        sum += weight(t, row, c) * x[c];
    return sum;
}

/* ---- The model ---- */

typedef struct {
    const uint8_t *bytes;
    uint32_t width, hidden, layers, vocab, heads, kv_heads, head, context, kind, key_bits, epsilon;
    uint32_t cached, position, zeros; /* of ReLU */
    int64_t keys[LAYERS][CONTEXT_MAX][WIDTH_MAX], values[LAYERS][CONTEXT_MAX][WIDTH_MAX];
    int64_t logits[VOCAB_MAX];
} reference;

static void begin(reference *m, const uint8_t *bytes)
{
    memset(m, 0, sizeof *m);
    m->bytes = bytes;
    m->layers = bytes[18];
    m->vocab = tiny_get32(bytes + 20);
    m->width = tiny_get32(bytes + 24);
    m->hidden = tiny_get32(bytes + 28);
    m->heads = tiny_get32(bytes + 244) & 0xFFFF;
    m->kv_heads = tiny_get32(bytes + 244) >> 16;
    m->context = tiny_get32(bytes + 248) & 0xFFFF;
    m->kind = bytes[250];
    m->key_bits = bytes[251];
    m->epsilon = tiny_get32(bytes + 252);
    m->head = m->width / m->heads;
    assert_true(m->layers <= LAYERS && m->vocab <= VOCAB_MAX && m->context <= CONTEXT_MAX);
    assert_true(m->width <= WIDTH_MAX && m->hidden <= WIDTH_MAX);
}

static void norm(const reference *m, int64_t *y, const int64_t *x, uint32_t word)
{
    uint64_t n = m->epsilon, root = 0;
    int32_t k = 0;

    for (uint32_t c = 0; c < m->width; c++)
        n += (uint64_t)(x[c] * x[c]);
    for (; n >= (uint64_t)1 << 32; k++)
        n /= 4;
    for (; n < (uint64_t)1 << 30; k--)
        n *= 4;
    for (uint64_t bit = 1 << 15; bit; bit /= 2)
        root += (root + bit) * (root + bit) <= n ? bit : 0;
    word = divide(word, root, k - 10);
    for (uint32_t c = 0; c < m->width; c++)
        y[c] = sat(round_shift(x[c] * (word & 0x7FFF), word >> 16 < 31 ? word >> 16 : 31), 8);
}

/* The biases of a layer's four matrices follow each other; behind them are SiLU's scales. */
static uint32_t biases_before(const reference *m, uint32_t role, uint32_t layer)
{
    uint32_t before = 0;

    for (uint32_t r = ATTENTION; r < role; r++)
        before += find(m->bytes, r, layer).rows;
    return before;
}

/* products[r] = biased(role, r, x). */
static void product(const reference *m, int64_t *products, uint32_t role, uint32_t layer, const int64_t *x)
{
    const tensor t = find(m->bytes, role, layer), biases = find(m->bytes, BIAS, layer);
    const uint32_t before = biases_before(m, role, layer);

    for (uint32_t r = 0; r < t.rows; r++)
        products[r] = rescale(dot(&t, r, x), word_of(&t, r)) + bias_of(&biases, before + r);
}

static void turn(const reference *m, int64_t *rows, uint32_t heads)
{
    const tensor turns = find(m->bytes, TURNS, 0);

    for (uint32_t h = 0; h < heads; h++, rows += m->head)
        for (uint32_t p = 0; p < m->head / 2; p++) {
            const uint32_t phase = m->position * word_of(&turns, p);
            const int64_t s = sine(phase), c = sine(phase + (1u << 30));
            const int64_t a = sat(rows[p], 16), b = sat(rows[p + m->head / 2], 16);

            rows[p] = round_shift(a * c - b * s, 14);
            rows[p + m->head / 2] = round_shift(a * s + b * c, 14);
        }
}

/* One head's mix of the kept values. */
static void mix(const reference *m, int64_t *out, const int64_t *query, uint32_t layer, uint32_t h)
{
    const uint32_t from = h / (m->heads / m->kv_heads) * m->head, frac = find(m->bytes, ATTENTION, layer).detail;
    const tensor words = find(m->bytes, WORDS, layer);
    const uint32_t w = 23 - (uint32_t)ceil(log2(m->context));
    int64_t scores[CONTEXT_MAX], highest = INT64_MIN;
    uint64_t total = 0, t;
    int32_t e = 0;

    for (uint32_t j = 0; j <= m->cached; j++) {
        scores[j] = 0;
        for (uint32_t c = 0; c < m->head; c++)
            scores[j] += query[c] * m->keys[layer][j][from + c];
        highest = scores[j] > highest ? scores[j] : highest;
    }
    for (uint32_t j = 0; j <= m->cached; j++) {
        const int64_t below = highest - scores[j];

        scores[j] = below < (int64_t)25 << frac ? round_shift(power((uint64_t)below << (26 - frac)), 24 - w) : 0;
        total += (uint64_t)scores[j];
    }
    for (t = total; t >= 65536; e++)
        t /= 2;
    for (; t < 32768; e--)
        t *= 2;
    for (uint32_t c = 0; c < m->head; c++) {
        int64_t sum = 0;

        for (uint32_t j = 0; j <= m->cached; j++)
            sum += scores[j] * m->values[layer][j][from + c];
        out[c] = sat(rescale(sum, divide(word_of(&words, 2 + h), t, e)), 8);
    }
}

static void attend(reference *m, int64_t *out, const int64_t *x, uint32_t layer)
{
    const uint32_t queries = m->heads * m->head, row = m->kv_heads * m->head;
    int64_t sums[3 * WIDTH_MAX];

    product(m, sums, ATTENTION, layer, x);
    turn(m, sums, m->heads + m->kv_heads);
    for (uint32_t i = 0; i < row; i++) {
        m->keys[layer][m->cached][i] = sat(round_shift(sums[queries + i], 16 - m->key_bits), m->key_bits);
        m->values[layer][m->cached][i] = sat(round_shift(sums[queries + row + i], 8), 8);
    }
    for (uint32_t i = 0; i < queries; i++)
        sums[i] = sat(sums[i], 24 - m->key_bits);
    for (uint32_t h = 0; h < m->heads; h++)
        mix(m, out + h * m->head, sums + h * m->head, layer, h);
}

static void feed_forward(reference *m, int64_t *out, const int64_t *x, uint32_t layer)
{
    const tensor biases = find(m->bytes, BIAS, layer);
    const uint32_t scales = biases_before(m, BIAS, layer);
    int64_t u[2 * WIDTH_MAX];

    product(m, u, INNER, layer, x);
    for (uint32_t i = 0; i < m->hidden; i++) {
        const int64_t positive = u[i] > 0 ? u[i] : 0, g = sat(u[i], 16);

        if (m->kind == DOGBERRY_RELU)
            out[i] = round_shift(positive, 8);
        else if (m->kind == DOGBERRY_RELU2)
            out[i] = round_shift(sat(positive, 16) * sat(positive, 16), 23);
        else {
            const int64_t by = m->kind == DOGBERRY_SILU ? bias_of(&biases, scales + i) : sat(u[m->hidden + i], 16);

            out[i] = round_shift(round_shift(g * sigmoid(sat(2 * g, 16)), 15) * by, 14);
        }
        out[i] = sat(out[i], 8);
        m->zeros += out[i] == 0;
    }
}

static void add(const reference *m, int64_t *stream, uint32_t role, uint32_t layer, const int64_t *x)
{
    int64_t products[WIDTH_MAX];

    product(m, products, role, layer, x);
    for (uint32_t c = 0; c < m->width; c++)
        stream[c] = sat(stream[c] + products[c], 16);
}

/* When the context is full its older half goes. */
static void make_room(reference *m)
{
    const uint32_t kept = m->context / 2;

    if (m->cached < m->context)
        return;
    for (uint32_t l = 0; l < m->layers; l++) {
        memmove(m->keys[l], m->keys[l] + m->context - kept, kept * sizeof m->keys[l][0]);
        memmove(m->values[l], m->values[l] + m->context - kept, kept * sizeof m->values[l][0]);
    }
    m->cached = kept;
}

static void step(reference *m, uint32_t token)
{
    const tensor embedding = find(m->bytes, EMBEDDING, 0), own = find(m->bytes, OUTPUT, 0);
    const tensor tied = find(m->bytes, TIED_SCALES, 0), biases = find(m->bytes, OUTPUT_BIAS, 0);
    const tensor last = find(m->bytes, NORM, 0), *output = own.rows ? &own : &embedding;
    int64_t stream[WIDTH_MAX], y[WIDTH_MAX], x[2 * WIDTH_MAX];

    make_room(m);
    for (uint32_t c = 0; c < m->width; c++)
        stream[c] = sat(rescale(weight(&embedding, token, c), word_of(&embedding, token)), 16);
    for (uint32_t l = 0; l < m->layers; l++) {
        const tensor words = find(m->bytes, WORDS, l);

        norm(m, y, stream, word_of(&words, 0));
        attend(m, x, y, l);
        add(m, stream, MIXED, l, x);
        norm(m, y, stream, word_of(&words, 1));
        feed_forward(m, x, y, l);
        add(m, stream, OUTER, l, x);
    }
    norm(m, y, stream, word_of(&last, 0));
    for (uint32_t v = 0; v < m->vocab; v++)
        m->logits[v] = sat(rescale(dot(output, v, y), word_of(own.rows ? &own : &tied, v)) + bias_of(&biases, v), 16);
    m->cached++;
    m->position++;
}

/* ---- Tests ---- */

/* A session of TOKENS tokens on these kernels. */
static void agree_on(dogberry_image image, const dogberry_kernels *kernels)
{
    static reference model;
    dogberry_session *session;
    void *arena = malloc(dogberry_session_bytes(&image));

    image.kernels = kernels;
    assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
    begin(&model, image.source.bytes);
    step(&model, image.start_token);
    for (uint32_t i = 0; i < TOKENS; i++) {
        const uint32_t token = (7 * i + i * i) % image.vocab;

        step(&model, token);
        assert_int_equal(dogberry_feed_token(session, token), DOGBERRY_OK);
        for (uint32_t v = 0; v < image.vocab; v++)
            if (dogberry_logits(session)[v] != model.logits[v])
                fail_msg("%s, token %u: logit %u is %d instead of %d", kernels->name, i, v, dogberry_logits(session)[v],
                         (int)model.logits[v]);
    }
    const uint32_t by_column = find(image.source.bytes, OUTER, 0).detail;
    uint32_t columns;

    assert_int_equal(dogberry_skipped(session, &columns), by_column * model.zeros);
    assert_int_equal(columns, by_column * (TOKENS + 1) * image.layers * image.hidden);
    free(arena);
}

/* `frac`: fraction bits of the scores; with many of them several tokens weigh. `tiny_norm`: the last layer's second
 * norm makes next to nothing of the stream, by the largest shift there is. */
static void agree(const tiny_config *config, uint8_t frac, int tiny_norm)
{
    static const char *const sets[] = {"ref", "avx2", "avx512-vnni"};
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(config, &length);

    for (uint8_t *e = bytes + 256; e < bytes + 256 + 32 * bytes[44]; e += 32) {
        if (e[0] == ATTENTION)
            e[3] = frac;
        if (e[0] == TURNS && config->feed_forward == DOGBERRY_SILU) /* no positions, as in imported models */
            memset(bytes + tiny_get32(e + 16), 0, tiny_get32(e + 20));
        if (e[0] == WORDS && tiny_norm)
            tiny_put32(bytes + tiny_get32(e + 16) + 4, 20000 | 46u << 16);
    }
    tiny_seal(bytes);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (dogberry_kernels_named(sets[i]))
            agree_on(image, dogberry_kernels_named(sets[i]));
    free(bytes);
}

static void transformers_compute_what_is_written(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 36; kind++) {
        tiny_config config = tiny_transformer();

        config.seed = kind;
        config.feed_forward = DOGBERRY_RELU + kind % 4;
        config.key_bits = kind & 1 ? 12 : 8;
        config.context = kind % 5 == 4 ? CONTEXT_MAX : 1 + kind % 8;
        config.heads = kind % 3 == 0 ? 4 : 3;
        config.kv_heads = kind % 3 == 0 ? 2 : kind & 2 ? 3 : 1;
        config.int4_roles = kind & 4 ? 0x3FFFF : 0;
        config.output = kind & 8 ? DOGBERRY_TIED : DOGBERRY_DENSE;
        config.embedding = config.heads * (1 + kind % 7);
        config.hidden = 5 + kind;
        if (kind >= 24) { /* heads as wide as kernels take at once, and a little wider */
            config.heads = 2;
            config.kv_heads = 1 + kind % 2;
            config.embedding = 2 * (kind % 3 == 0 ? 16 : kind % 3 == 1 ? 37 : 32);
            config.hidden = 56 + kind;
            config.outer_by_row = kind >= 33;
        }
        agree(&config, (uint8_t)(8 + kind % 9), kind % 6 == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(transformers_compute_what_is_written)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
