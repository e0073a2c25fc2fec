/* Bits chosen matrix by matrix: the knapsack against every choice there is; the sensitive matrix keeps its bits; sizes
 * add up. SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pack/knapsack.h"
#include "pack/mixed.h"
#include "tiny_model.h"
#include "train/train.h"

/* ---- The knapsack ---- */

static double value_of(const db_thing *things, size_t count, unsigned choice, double *weight)
{
    double value = 0;
    *weight = 0;
    for (size_t i = 0; i < count; i++)
        if (choice >> i & 1) {
            value += things[i].value;
            *weight += things[i].weight;
        }
    return value;
}

static void knapsack_finds_the_best_choice(void **state)
{
    enum { COUNT = 11 };
    db_random random;
    (void)state;
    db_random_seed(&random, 4);
    for (int round = 0; round < 300; round++) {
        db_thing things[COUNT];
        bool taken[COUNT];
        double best = 0, weight, all = 0;
        unsigned chosen = 0;
        for (int i = 0; i < COUNT; i++) {
            things[i] = (db_thing){floor(db_random_unit(&random) * 20) - 2, 1 + floor(db_random_unit(&random) * 30)};
            all += things[i].weight;
        }
        const double capacity = floor(db_random_unit(&random) * 1.1 * all);
        for (unsigned choice = 0; choice < 1u << COUNT; choice++) {
            const double value = value_of(things, COUNT, choice, &weight);
            best = weight <= capacity ? fmax(best, value) : best;
        }
        db_knapsack(things, COUNT, capacity, taken);
        for (unsigned i = 0; i < COUNT; i++)
            chosen |= (unsigned)taken[i] << i;
        const double value = value_of(things, COUNT, chosen, &weight);
        assert_true(value == best && weight <= capacity);
    }
}

static void knapsack_takes_what_weighs_nothing(void **state)
{
    const db_thing things[] = {{5, 0}, {3, -1}, {0, 0}, {-1, 0}, {4, 1}};
    bool taken[5];
    (void)state;
    db_knapsack(things, 5, 0.5, taken);
    assert_true(taken[0] && taken[1] && !taken[2] && !taken[3] && !taken[4]);
    db_knapsack(things, 5, -1, taken);
    assert_true(taken[0] && !taken[4]);
    db_knapsack(things, 0, 1, taken);
}

/* ---- Images ---- */

static const db_model_config CONFIGS[] = {
    {.architecture = DOGBERRY_LSTM, .output = DOGBERRY_DENSE, .embedding = 12, .hidden = 24, .layers = 1},
    {.architecture = DOGBERRY_LSTM, .output = DOGBERRY_TIED, .embedding = 24, .hidden = 24, .layers = 1},
    {.architecture = DOGBERRY_GRU,
     .output = DOGBERRY_FACTORED,
     .embedding = 8,
     .hidden = 70,
     .layers = 2,
     .classes = 9},
    {.architecture = DOGBERRY_TRANSFORMER,
     .output = DOGBERRY_TIED,
     .embedding = 24,
     .hidden = 72,
     .layers = 2,
     .heads = 4,
     .kv_heads = 2,
     .context = 24,
     .feed_forward = DB_RELU2,
     .rotary_base = 100},
    {.architecture = DOGBERRY_TRANSFORMER,
     .output = DOGBERRY_DENSE,
     .embedding = 24,
     .hidden = 40,
     .layers = 1,
     .heads = 3,
     .kv_heads = 3,
     .context = 24,
     .feed_forward = DB_SWIGLU},
    {.architecture = DOGBERRY_TRANSFORMER,
     .output = DOGBERRY_DENSE,
     .embedding = 18,
     .hidden = 72,
     .layers = 1,
     .heads = 1,
     .kv_heads = 1,
     .context = 24,
     .feed_forward = DB_SILU},
};

typedef struct {
    db_model_dir model;
    db_mixed report;
    void *image;
    size_t bytes;
    uint16_t ids[1000]; /* what costs are measured on; none: the model's calibration text */
    size_t count;
} packed;

static int pack(packed *p, size_t max_bytes, uint32_t threads, db_error *error)
{
    db_pack_options options;
    const db_mixed_options mixed = {.max_bytes = max_bytes, .threads = threads};
    db_pack_defaults(&options);
    p->image = NULL;
    return db_pack_mixed(&p->model, p->ids, p->count, &options, &mixed, &p->report, &p->image, &p->bytes, error);
}

static void make(packed *p, db_model_config config)
{
    db_error error = {""};
    *p = (packed){0};
    if (tiny_model(&p->model, config, 3, &error) != 0)
        fail_msg("%s", error.message);
}

static void scale(db_model_dir *model, const char *name, float factor)
{
    const db_tensor *tensor = db_layout_find(&model->layout, name);
    for (size_t i = 0; i < (size_t)tensor->rows * tensor->cols; i++)
        model->parameters[tensor->offset + i] *= factor;
}

static const db_mixed_tensor *find(const db_mixed *report, const char *name)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->tensors[i].name, name) == 0)
            return &report->tensors[i];
    fail_msg("no %s", name);
    return NULL;
}

/* A text that the model would say: whatever changes the model makes it less likely. */
static void speak(packed *p)
{
    const db_sequence special = {.start_token = p->model.start_token, .end_token = p->model.tokenizer.view.end};
    while (p->count < sizeof p->ids / sizeof p->ids[0] - 1) {
        const size_t room = sizeof p->ids / sizeof p->ids[0] - 1 - p->count;
        p->count += db_train_sample(&p->model.config, p->model.parameters, &special, DOGBERRY_NO_TOKEN, NULL, 0, 1,
                                    p->count, p->ids + p->count, room);
        p->ids[p->count++] = special.end_token;
    }
}

/* A column of large weights, the same for all tokens so that it changes nothing, leaves the others of the output few
 * steps; and the other matrices say little. */
static void sensitive_matrix_keeps_its_bits(void **state)
{
    packed p;
    dogberry_image image;
    (void)state;
    make(&p, CONFIGS[0]);
    const db_tensor *output = db_layout_find(&p.model.layout, "output.weight");
    for (uint32_t r = 0; r < output->rows; r++)
        p.model.parameters[output->offset + (size_t)r * output->cols] = 30;
    scale(&p.model, "layers.0.weight_recurrent", 0.02f);
    speak(&p);
    assert_int_equal(pack(&p, 1000000, 1, NULL), 0);
    for (size_t i = 0; i < p.report.count; i++)
        print_message("%s: 4 bits cost %.4f\n", p.report.tensors[i].name, p.report.tensors[i].cost);
    const size_t all = p.report.bytes8, wanted = all - p.report.tensors[0].saved - p.report.tensors[1].saved;
    assert_true(find(&p.report, "output.weight")->cost > 3 * fabs(find(&p.report, "embedding.weight")->cost));
    free(p.image);
    assert_int_equal(pack(&p, wanted, 1, NULL), 0);
    assert_int_equal(find(&p.report, "output.weight")->bits, 8);
    assert_int_equal(dogberry_open(&image, p.image, p.bytes), DOGBERRY_OK);
    assert_int_equal(image.output_matrix.bits, 8);
    assert_true(p.bytes <= wanted && p.bytes == p.report.bytes && p.bytes < all);
    assert_true(p.report.loss - p.report.loss8 < 0.5 * find(&p.report, "output.weight")->cost);
    free(p.image);
    db_model_dir_free(&p.model);
}

static bool is_transformer(const packed *p)
{
    return p->model.config.architecture == DOGBERRY_TRANSFORMER;
}

static const db_mixed_tensor *find_kind(const packed *p, const char *recurrent, const char *transformer)
{
    return find(&p->report, is_transformer(p) ? transformer : recurrent);
}

/* That the first layer's matrices have the bits that the report says. */
static void check_layers(const packed *p, const dogberry_image *image)
{
    if (!is_transformer(p)) {
        assert_int_equal(image->layer[0].input.bits, find(&p->report, "layers.0.weight_input")->bits);
        assert_int_equal(image->layer[0].recurrent.bits, find(&p->report, "layers.0.weight_recurrent")->bits);
        return;
    }
    const bool gated = p->model.config.feed_forward == DB_SWIGLU;
    const char *const names[] = {"self_attn.q_proj", "self_attn.o_proj", gated ? "mlp.gate_proj" : "mlp.up_proj",
                                 "mlp.down_proj"};
    char full[DB_TENSOR_NAME];
    assert_int_equal(p->report.count, 4 * p->model.config.layers + (p->model.config.output == DOGBERRY_DENSE ? 2 : 1));
    for (uint32_t part = 0; part < 4; part++) {
        snprintf(full, sizeof full, "model.layers.0.%s.weight", names[part]);
        dogberry_matrix matrix;
        assert_int_equal(dogberry_block_matrix(image, 0, part, &matrix), DOGBERRY_OK);
        assert_int_equal(matrix.bits, find(&p->report, full)->bits);
    }
}

/* Every kind of layer and output runs with any mixture, has the size that was foretold, and says what was chosen. */
static void sizes_add_up_for_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CONFIGS / sizeof CONFIGS[0]; i++) {
        packed p;
        dogberry_image image;
        make(&p, CONFIGS[i]);
        assert_int_equal(pack(&p, 0, 1, NULL), 0);
        free(p.image);
        const size_t between = (p.report.bytes8 + p.report.bytes4) / 2;
        assert_int_equal(pack(&p, between, 2, NULL), 0);
        size_t bytes = p.report.bytes8, saved = 0;
        for (size_t k = 0; k < p.report.count; k++) {
            const db_mixed_tensor *tensor = &p.report.tensors[k];
            bytes -= tensor->bits == 4 ? tensor->saved : 0;
            saved += tensor->saved;
        }
        assert_int_equal(p.bytes, bytes);
        assert_int_equal(p.report.bytes8 - saved, p.report.bytes4);
        assert_true(p.bytes <= between);
        assert_int_equal(dogberry_open(&image, p.image, p.bytes), DOGBERRY_OK);
        assert_int_equal(image.embeddings.bits, find_kind(&p, "embedding.weight", "model.embed_tokens.weight")->bits);
        check_layers(&p, &image);
        char entry[64], *provenance = db_allocate(image.provenance_bytes + 1);
        memcpy(provenance, image.provenance, image.provenance_bytes);
        assert_non_null(strstr(provenance, "\"bits\":\"mixed\""));
        snprintf(entry, sizeof entry, "%s.weight\":%u", is_transformer(&p) ? "embed_tokens" : "embedding",
                 image.embeddings.bits);
        assert_non_null(strstr(provenance, entry));
        free(provenance);
        free(p.image);
        db_model_dir_free(&p.model);
    }
}

static void same_question_same_image(void **state)
{
    packed a, b;
    (void)state;
    make(&a, CONFIGS[0]);
    make(&b, CONFIGS[0]);
    assert_int_equal(pack(&a, 0, 1, NULL), 0);
    assert_int_equal(pack(&b, 0, 3, NULL), 0);
    assert_int_equal(a.bytes, b.bytes);
    assert_memory_equal(a.image, b.image, a.bytes);
    free(a.image);
    free(b.image);
    db_model_dir_free(&a.model);
    db_model_dir_free(&b.model);
}

static void too_few_bytes_are_refused_with_the_least(void **state)
{
    packed p;
    db_error error = {""};
    char least[32];
    (void)state;
    make(&p, CONFIGS[0]);
    assert_int_equal(pack(&p, 1000000, 1, NULL), 0);
    free(p.image);
    assert_int_equal(pack(&p, p.report.bytes4 - 1, 1, &error), -1);
    assert_null(p.image);
    snprintf(least, sizeof least, "%zu", p.report.bytes4);
    assert_non_null(strstr(error.message, least));
    assert_int_equal(pack(&p, p.report.bytes4, 1, &error), 0);
    for (size_t i = 0; i < p.report.count; i++)
        assert_int_equal(p.report.tensors[i].bits, 4);
    free(p.image);
    db_model_dir_free(&p.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knapsack_finds_the_best_choice),  cmocka_unit_test(knapsack_takes_what_weighs_nothing),
        cmocka_unit_test(sensitive_matrix_keeps_its_bits), cmocka_unit_test(sizes_add_up_for_every_kind),
        cmocka_unit_test(same_question_same_image),        cmocka_unit_test(too_few_bytes_are_refused_with_the_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
