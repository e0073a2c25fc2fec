/* Calibration against a plain LSTM written down once more, in double; and what packing makes of it.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pack/calibrate.h"
#include "pack/pack.h"
#include "pack/quantize.h"
#include "tiny_model.h"

enum { E = 6, H = 5, V = 40 };

static const db_model_config CONFIG = {
    .architecture = DOGBERRY_LSTM, .output = DOGBERRY_DENSE, .embedding = E, .hidden = H, .layers = 1};

static db_model_dir model;
static db_tokens tokens;

static int make(void **state)
{
    (void)state;
    if (tiny_model(&model, CONFIG, 21, NULL) != 0)
        return -1;
    db_corpus_add_text(&model.calibration, "second", TINY_TEXT + 88, 90);
    db_tokens_append(&tokens, &model.tokenizer, &model.calibration);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    db_tokens_free(&tokens);
    db_model_dir_free(&model);
    return 0;
}

static const float *tensor(const char *name)
{
    return model.parameters + db_layout_find(&model.layout, name)->offset;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double dot(const float *row, const double *x, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)row[i] * x[i];
    return sum;
}

typedef struct {
    double h[H], c[H];
} state;

static void step(state *s, uint16_t token)
{
    double x[E], gate[4 * H];
    for (int i = 0; i < E; i++)
        x[i] = (double)tensor("embedding.weight")[token * E + i];
    for (int r = 0; r < 4 * H; r++)
        gate[r] = dot(tensor("layers.0.weight_input") + r * E, x, E) +
                  dot(tensor("layers.0.weight_recurrent") + r * H, s->h, H) + (double)tensor("layers.0.bias")[r];
    for (int j = 0; j < H; j++) {
        s->c[j] = sigmoid(gate[H + j]) * s->c[j] + sigmoid(gate[j]) * tanh(gate[2 * H + j]);
        s->h[j] = sigmoid(gate[3 * H + j]) * tanh(s->c[j]);
    }
}

/* The same figures the plain way: one token after another. */
static void calibrate_plainly(db_calibration *out)
{
    state s = {{0}, {0}};
    for (size_t i = 0; i < tokens.count; i++) {
        bool first = i == 0 || tokens.ids[i - 1] == model.tokenizer.view.end;
        uint16_t fed = first ? model.start_token : tokens.ids[i - 1];
        if (first)
            s = (state){{0}, {0}};
        step(&s, fed);
        out->counts[fed]++;
        for (int j = 0; j < E; j++)
            out->input.mean[j] += (double)tensor("embedding.weight")[fed * E + j] / (double)tokens.count;
        for (int j = 0; j < H; j++) {
            out->hidden[0].mean[j] += s.h[j] / (double)tokens.count;
            out->hidden[0].square[j] += s.h[j] * s.h[j] / (double)tokens.count;
            out->cell_max[0] = fmax(out->cell_max[0], fabs(s.c[j]));
        }
        for (int v = 0; v < V; v++) {
            double logit = dot(tensor("output.weight") + v * H, s.h, H) + (double)tensor("output.bias")[v];
            out->logit_max = fmax(out->logit_max, fabs(logit));
        }
    }
}

static void near(double value, double expected)
{
    if (fabs(value - expected) > 1e-5 * (1 + fabs(expected)))
        fail_msg("%.9g where %.9g was expected", value, expected);
}

static void calibration_is_what_a_plain_lstm_does(void **unused)
{
    (void)unused;
    db_calibration found;
    double counts[V] = {0}, input[E] = {0}, mean[H] = {0}, square[H] = {0};
    db_calibration plain = {.counts = counts, .input = {.mean = input}, .hidden = {{.mean = mean, .square = square}}};
    calibrate_plainly(&plain);
    db_calibrate(&found, &model.config, model.parameters, model.start_token, model.tokenizer.view.end, tokens.ids,
                 tokens.count);
    assert_int_equal(found.tokens, tokens.count);
    near(found.cell_max[0], plain.cell_max[0]);
    near(found.logit_max, plain.logit_max);
    for (int v = 0; v < V; v++)
        near(found.counts[v], counts[v]);
    for (int j = 0; j < E; j++)
        near(found.input.mean[j], input[j]);
    for (int j = 0; j < H; j++) {
        near(found.hidden[0].mean[j], mean[j]);
        near(found.hidden[0].square[j], square[j]);
    }
    db_calibration_free(&found);
}

/* What rows of `matrix` stand for is short of `values` by this much for inputs of these means; `unit` is one unit
 * of the sums' destination for one of the inputs'. */
static double missing(const dogberry_image *image, const dogberry_matrix *matrix, uint32_t row, const char *name,
                      const double *mean, double unit)
{
    const uint32_t *scales = (const void *)(image->source.bytes + matrix->scales);
    const int8_t *weights = (const void *)(image->source.bytes + matrix->weights + row * matrix->stride);
    double sum = 0;
    for (uint32_t c = 0; c < matrix->cols; c++)
        sum +=
            ((double)tensor(name)[row * matrix->cols + c] - db_scale_value(scales[row]) * unit * weights[c]) * mean[c];
    return sum;
}

/* Biases in the image make up for what rounding the weights takes away on average. */
static void biases_make_up_for_rounding(void **unused)
{
    (void)unused;
    db_pack_options options;
    db_calibration found;
    dogberry_image image;
    void *bytes;
    size_t length;
    db_pack_defaults(&options);
    assert_int_equal(db_pack(&model, tokens.ids, tokens.count, &options, &bytes, &length, NULL), 0);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    db_calibrate(&found, &model.config, model.parameters, model.start_token, model.tokenizer.view.end, tokens.ids,
                 tokens.count);
    const int16_t *output_bias = (const void *)(image.source.bytes + image.output_bias);
    for (uint32_t v = 0; v < V; v++) {
        double unit = ldexp(1, 7 - (int)image.logit_frac);
        double bias = (double)tensor("output.bias")[v] +
                      missing(&image, &image.output_matrix, v, "output.weight", found.hidden[0].mean, unit);
        assert_true(fabs(ldexp(bias, (int)image.logit_frac) - output_bias[v]) < 1);
    }
    const dogberry_layer *layer = &image.layer[0];
    const int16_t *layer_bias = (const void *)(image.source.bytes + layer->bias);
    double importance[V];
    for (int v = 0; v < V; v++)
        importance[v] = found.counts[v] + 0.25;
    double unit_of_x = db_common_step(tensor("embedding.weight"), V, E, importance);
    for (uint32_t r = 0; r < 4 * H; r++) {
        double bias =
            (double)tensor("layers.0.bias")[r] +
            missing(&image, &layer->input, r, "layers.0.weight_input", found.input.mean, ldexp(1, -12) / unit_of_x) +
            missing(&image, &layer->recurrent, r, "layers.0.weight_recurrent", found.hidden[0].mean, ldexp(1, 7 - 12));
        assert_true(fabs(ldexp(bias, 12) - layer_bias[r]) < 1);
    }
    db_calibration_free(&found);
    free(bytes);
}

/* Forget gates that never forget: cells grow, and the image gives them room. */
static void large_cells_get_fewer_fraction_bits(void **unused)
{
    (void)unused;
    db_pack_options options;
    db_calibration found;
    dogberry_image image;
    void *bytes;
    size_t length;
    float *bias = model.parameters + db_layout_find(&model.layout, "layers.0.bias")->offset;
    for (int j = 0; j < 2 * H; j++)
        bias[j] += 7;
    db_calibrate(&found, &model.config, model.parameters, model.start_token, model.tokenizer.view.end, tokens.ids,
                 tokens.count);
    assert_true(found.cell_max[0] > 4);
    db_pack_defaults(&options);
    assert_int_equal(db_pack(&model, tokens.ids, tokens.count, &options, &bytes, &length, NULL), 0);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    double range = ldexp(32767, -(int)image.layer[0].cell_frac);
    assert_true(range >= 1.2 * found.cell_max[0]);
    assert_true(range < 2.6 * found.cell_max[0] || image.layer[0].cell_frac == 14);
    for (int j = 0; j < 2 * H; j++)
        bias[j] -= 7;
    db_calibration_free(&found);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibration_is_what_a_plain_lstm_does),
        cmocka_unit_test(biases_make_up_for_rounding),
        cmocka_unit_test(large_cells_get_fewer_fraction_bits),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
