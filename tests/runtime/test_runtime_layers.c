/*
 * The integer layers against double precision: the same image run without any rounding,
 * saturation or table. And one unit's step with docs/NUMERICS.md's worked numbers.
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
#include "layers.h"
#include "tiny_image.h"

enum { WIDTH_MAX = 64, STEPS = 200 };

/* One conversation in real numbers: h in 1/128, cells plain. */
typedef struct {
    double h[DOGBERRY_LAYERS_MAX][WIDTH_MAX], cell[DOGBERRY_LAYERS_MAX][WIDTH_MAX];
} reference;

static double factor(uint32_t scale)
{
    return ldexp(scale & 0x7FFF, -(int)(scale >> 16));
}

/* Without the row's scale. */
static double weight(const dogberry_image *image, const dogberry_matrix *m, uint32_t row, uint32_t c)
{
    if (m->bits == 8)
        return *(const int8_t *)tiny_at(image, m->weights + row * m->stride + c);
    const uint8_t *word = tiny_at(image, m->weights + row / 8 * m->stride + 4 * c);
    const uint8_t *group_scales = tiny_at(image, m->group_scales);
    int nibble = word[row % 8 / 2] >> (row % 2 ? 4 : 0) & 15;

    return (nibble - 8) * group_scales[(row / 8 * m->groups + c / 64) * 8 + row % 8];
}

static double product(const dogberry_image *image, const dogberry_matrix *m, uint32_t row, const double *x)
{
    double sum = 0;

    for (uint32_t c = 0; c < m->cols; c++)
        sum += weight(image, m, row, c) * x[c];
    return sum * factor(((const uint32_t *)tiny_at(image, m->scales))[row]);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void reference_lstm(const dogberry_image *image, const dogberry_layer *layer, uint32_t hidden, const double *x,
                           double *h, double *cell)
{
    const int16_t *bias = tiny_at(image, layer->bias);
    double fresh[WIDTH_MAX];

    for (uint32_t u = 0; u < hidden; u++) {
        double pre[4];

        for (uint32_t g = 0; g < 4; g++) {
            uint32_t row = g * hidden + u;

            pre[g] =
                (product(image, &layer->input, row, x) + product(image, &layer->recurrent, row, h) + bias[row]) / 4096;
        }
        cell[u] = sigmoid(pre[1]) * cell[u] + sigmoid(pre[0]) * tanh(pre[2]);
        fresh[u] = 128 * sigmoid(pre[3]) * tanh(cell[u]);
    }
    memcpy(h, fresh, hidden * sizeof *h);
}

static void reference_gru(const dogberry_image *image, const dogberry_layer *layer, uint32_t hidden, const double *x,
                          double *h)
{
    const int16_t *bias = tiny_at(image, layer->bias);
    double fresh[WIDTH_MAX];

    for (uint32_t u = 0; u < hidden; u++) {
        double in[3], back[3];

        for (uint32_t g = 0; g < 3; g++) {
            in[g] = (product(image, &layer->input, g * hidden + u, x) + bias[g * hidden + u]) / 4096;
            back[g] = product(image, &layer->recurrent, g * hidden + u, h) / 4096;
        }
        double r = sigmoid(in[0] + back[0]), z = sigmoid(in[1] + back[1]);
        double n = tanh(in[2] + r * (back[2] + ((const int16_t *)tiny_at(image, layer->recurrent_bias))[u] / 4096.0));

        fresh[u] = 128 * ((1 - z) * n + z * h[u] / 128);
    }
    memcpy(h, fresh, hidden * sizeof *h);
}

static void reference_step(const dogberry_image *image, reference *ref, uint32_t token, double *logits)
{
    double x[WIDTH_MAX];
    const double *input = x;

    for (uint32_t c = 0; c < image->embedding; c++)
        x[c] = weight(image, &image->embeddings, token, c) *
               factor(((const uint32_t *)tiny_at(image, image->embeddings.scales))[token]);
    for (uint32_t l = 0; l < image->layers; l++) {
        if (image->architecture == DOGBERRY_LSTM)
            reference_lstm(image, &image->layer[l], image->hidden, input, ref->h[l], ref->cell[l]);
        else
            reference_gru(image, &image->layer[l], image->hidden, input, ref->h[l]);
        input = ref->h[l];
    }
    for (uint32_t v = 0; v < image->vocab; v++)
        logits[v] =
            product(image, &image->output_matrix, v, input) + ((const int16_t *)tiny_at(image, image->output_bias))[v];
}

typedef struct {
    double mean, worst; /* absolute differences of logits, in nats */
} difference;

static difference compare(const tiny_config *config)
{
    size_t length;
    uint8_t *bytes = tiny_build(config, &length);
    dogberry_image image;
    dogberry_session *session;
    reference *ref = calloc(1, sizeof *ref);
    double logits[64], sum = 0, worst = 0;
    uint32_t random = 5;

    assert_non_null(ref);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    void *arena = malloc(dogberry_session_bytes(&image));

    assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
    reference_step(&image, ref, image.start_token, logits);
    for (int i = 0; i < STEPS; i++) {
        uint32_t token = tiny_random(&random, image.vocab);

        reference_step(&image, ref, token, logits);
        assert_int_equal(dogberry_feed_token(session, token), DOGBERRY_OK);
        for (uint32_t v = 0; v < image.vocab; v++) {
            double apart = fabs(dogberry_logits(session)[v] - logits[v]) / ldexp(1, (int)image.logit_frac);

            sum += apart;
            worst = fmax(worst, apart);
        }
    }
    free(arena);
    free(ref);
    free(bytes);
    return (difference){sum / STEPS / image.vocab, worst};
}

static void close_to_double_precision(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 16; kind++) {
        tiny_config config = tiny_default();

        config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
        config.output = kind & 2 ? DOGBERRY_TIED : DOGBERRY_DENSE;
        config.layers = kind & 4 ? 2 : 1;
        config.embedding = config.hidden = kind & 2 ? 48 : 37;
        config.cell_frac = 12 + kind % 3;
        config.int4_roles = kind & 8 ? TINY_INT4 : 0;
        difference d = compare(&config);

        print_message("%s, %s, %u layers, int%d: mean %.4f, worst %.4f nats\n", kind & 1 ? "GRU" : "LSTM",
                      kind & 2 ? "tied" : "dense", config.layers, kind & 8 ? 4 : 8, d.mean, d.worst);
        assert_true(d.mean < 0.05 && d.worst < 0.6);
    }
}

/* A layer by itself, and what it works with; offsets count from the start. */
typedef struct {
    uint32_t start[4]; /* 0 is no offset of anything */
    int8_t weights[4 * 256];
    uint32_t scales[4];
    int16_t bias[4], recurrent_bias[4];
    int8_t output[256], fresh[16];
    int16_t cell[1];
    int32_t scratch[128];
} unit;

static void set_up(const unit *u, dogberry_source *source, dogberry_layer *layer, uint32_t cols, uint32_t cell_frac)
{
    uint32_t weights = offsetof(unit, weights), scales = offsetof(unit, scales);
    dogberry_matrix matrix = {weights, scales, 4, cols, (cols + 15) / 16 * 16, 8, 0, 0, 0};

    *source = (dogberry_source){(const uint8_t *)u, NULL};
    *layer = (dogberry_layer){matrix, matrix, offsetof(unit, bias), offsetof(unit, recurrent_bias), cell_frac};
}

static void step(unit *u, const dogberry_source *source, const dogberry_layer *layer, int gru, const int8_t *x)
{
    dogberry_work work = {&dogberry_kernels_ref, u->scratch, dogberry_scratch_words(1), {source, NULL, 0}};
    dogberry_state state = {u->output, u->cell, u->fresh};

    assert_true(work.words <= sizeof u->scratch / 4);
    assert_int_equal((gru ? dogberry_gru_step : dogberry_lstm_step)(&work, layer, 1, x, &state), DOGBERRY_OK);
}

/* A layer of one unit whose gate arguments are its biases. */
static void worked_numbers(void **state)
{
    static const int8_t zeros[16];
    static unit u = {.scales = {20u << 16, 20u << 16, 20u << 16, 20u << 16},
                     .bias = {1500, 3000, -2500, 800},
                     .recurrent_bias = {1200},
                     .cell = {-3000}};
    static const int16_t gru_bias[3] = {-700, 900, 40 - 300};
    dogberry_source source;
    dogberry_layer layer;

    (void)state;
    set_up(&u, &source, &layer, 1, 11);
    step(&u, &source, &layer, 0, zeros);
    assert_int_equal(u.cell[0], -2684);
    assert_int_equal(u.output[0], -61);
    memcpy(u.bias, gru_bias, sizeof gru_bias);
    u.cell[0] = 9000;
    step(&u, &source, &layer, 1, zeros);
    assert_int_equal(u.cell[0], 6020);
    assert_int_equal(u.output[0], 24);
}

/* The largest arguments that the format allows stay inside 32 bits (run with sanitizers). */
static void extremes_do_not_overflow(void **state)
{
    static int8_t x[256];
    static unit u;
    dogberry_source source;
    dogberry_layer layer;

    (void)state;
    for (int kind = 0; kind < 32; kind++) {
        set_up(&u, &source, &layer, 256, kind & 16 ? 14 : 8);
        for (int i = 0; i < 4; i++) {
            u.scales[i] = 32767 | 8u << 16;
            u.bias[i] = kind & 1 ? 32767 : -32768;
            u.recurrent_bias[i] = kind & 2 ? 32767 : -32768;
        }
        u.cell[0] = kind & 8 ? -32768 : 32767;
        memset(u.weights, kind & 4 ? -128 : 127, sizeof u.weights);
        memset(x, -128, sizeof x);
        memset(u.output, -128, sizeof u.output);
        step(&u, &source, &layer, 0, x);
        step(&u, &source, &layer, 1, x);
    }
}

enum { MOST_UNITS = 136 };

/* One layer of int4 or int8 units. */
typedef struct {
    uint32_t scales[4 * MOST_UNITS];
    int16_t bias[4 * MOST_UNITS];
    uint8_t group_scales[4 * MOST_UNITS * 3];
    uint32_t weights[4 * MOST_UNITS * MOST_UNITS / 4 + 4 * 4 * MOST_UNITS];
    dogberry_source source;
    dogberry_layer layer;
} layer_fixture;

static layer_fixture *make_layer(uint32_t units, uint32_t bits, uint32_t *random)
{
    uint32_t columns = (units + 15) / 16 * 16;
    layer_fixture *f = malloc(sizeof *f);

    assert_non_null(f);
    for (uint32_t i = 0; i < sizeof f->weights / 4; i++)
        f->weights[i] = tiny_random(random, 1u << 16) | tiny_random(random, 1u << 16) << 16;
    for (uint32_t i = 0; i < sizeof f->group_scales; i++)
        f->group_scales[i] = (uint8_t)(1 + tiny_random(random, 255));
    for (uint32_t i = 0; i < 4 * MOST_UNITS; i++) {
        f->scales[i] = (16384 + tiny_random(random, 16384)) | (bits == 4 ? 20u : 16u) << 16;
        f->bias[i] = (int16_t)((int)tiny_random(random, 8192) - 4096);
    }
    dogberry_matrix matrix = {offsetof(layer_fixture, weights),
                              offsetof(layer_fixture, scales),
                              4 * units,
                              units,
                              bits == 4 ? 4 * columns : columns,
                              (uint16_t)bits,
                              0,
                              bits == 4 ? offsetof(layer_fixture, group_scales) : 0,
                              (units + 63) / 64};

    f->source = (dogberry_source){(const uint8_t *)f, NULL};
    f->layer = (dogberry_layer){matrix, matrix, offsetof(layer_fixture, bias), offsetof(layer_fixture, bias), 12};
    return f;
}

/* A layer's outputs and cells do not depend on how much scratch it has, and it uses no more. */
static void any_scratch_will_do(void **state)
{
    static const uint32_t sizes[] = {1, 7, 8, 20, 64, 65, 100, MOST_UNITS};
    uint32_t random = 11;

    (void)state;
    for (uint32_t kind = 0; kind < 4 * sizeof sizes / sizeof *sizes; kind++) {
        uint32_t units = sizes[kind / 4], least = dogberry_scratch_words(units), first_digest = 0;
        layer_fixture *f = make_layer(units, kind & 1 ? 4 : 8, &random);
        int8_t x[MOST_UNITS + 16] = {0};

        for (uint32_t i = 0; i < units; i++)
            x[i] = (int8_t)tiny_random(&random, 256);
        for (uint32_t words = least; words <= 8 * units + 2 * least; words += 5) {
            int8_t output[MOST_UNITS + 16] = {0}, fresh[MOST_UNITS];
            int16_t cell[MOST_UNITS] = {0};
            dogberry_work work = {&dogberry_kernels_ref, malloc(4 * (size_t)words), words, {&f->source, NULL, 0}};
            dogberry_state state_of = {output, cell, fresh};

            for (int i = 0; i < 3; i++)
                (kind & 2 ? dogberry_gru_step : dogberry_lstm_step)(&work, &f->layer, units, x, &state_of);
            uint32_t digest = dogberry_crc32(dogberry_crc32(0, output, sizeof output), cell, sizeof cell);

            if (words == least)
                first_digest = digest;
            assert_int_equal(digest, first_digest);
            free(work.scratch);
        }
        free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_to_double_precision),
        cmocka_unit_test(worked_numbers),
        cmocka_unit_test(extremes_do_not_overflow),
        cmocka_unit_test(any_scratch_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
