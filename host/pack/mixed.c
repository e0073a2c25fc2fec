/* SPDX-License-Identifier: MIT */
#include "pack/mixed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pack/calibrate.h"
#include "pack/knapsack.h"
#include "pack/score.h"

/* A choice in the making. */
typedef struct {
    const db_model_dir *model;
    const uint16_t *ids;
    size_t count;
    db_pack_options options;
    const db_mixed_options *mixed;
    db_mixed *report;
    uint8_t *bits;                       /* [layout.count] */
    size_t places[DB_MIXED_TENSORS_MAX]; /* of the report's tensors in the layout */
    size_t spans[DB_MIXED_TENSORS_MAX];  /* how many of the layout's tensors an image has as this one */
    size_t done;
} choosing;

static bool is_matrix(const db_tensor *tensor)
{
    return strstr(tensor->name, "weight") != NULL;
}

/* A transformer's queries, keys and values are one matrix in an image, and so are SwiGLU's gate and what it lets
 * through. */
static bool joins_the_one_before(const db_model_config *config, const db_tensor *tensor)
{
    return config->architecture == DOGBERRY_TRANSFORMER &&
           (strstr(tensor->name, "k_proj") || strstr(tensor->name, "v_proj") ||
            (config->feed_forward == DB_SWIGLU && strstr(tensor->name, "up_proj")));
}

static void find_matrices(choosing *choice)
{
    const db_layout *layout = &choice->model->layout;
    for (size_t i = 0; i < layout->count; i++) {
        if (!is_matrix(&layout->tensors[i]))
            continue;
        if (joins_the_one_before(&choice->model->config, &layout->tensors[i])) {
            choice->spans[choice->report->count - 1]++;
            continue;
        }
        assert(choice->report->count < DB_MIXED_TENSORS_MAX);
        choice->places[choice->report->count] = i;
        choice->spans[choice->report->count] = 1;
        choice->report->tensors[choice->report->count++].name = layout->tensors[i].name;
    }
}

/* Sets the bits of the report's tensor i. */
static void set_bits(choosing *choice, size_t i, uint8_t bits)
{
    memset(choice->bits + choice->places[i], bits, choice->spans[i]);
}

static void set_all(choosing *choice, uint8_t bits)
{
    memset(choice->bits, bits, choice->model->layout.count);
}

/* Packs with the bits as they are. */
static int pack(choosing *choice, void **image, size_t *bytes, db_error *error)
{
    return db_pack(choice->model, choice->ids, choice->count, &choice->options, image, bytes, error);
}

static size_t steps_in_all(const choosing *choice)
{
    return choice->report->count + 3; /* 4 bits throughout, 8 bits throughout, each alone, and the choice */
}

static void tell(choosing *choice)
{
    choice->done++;
    if (choice->mixed->progress)
        choice->mixed->progress(choice->mixed->user, choice->done, steps_in_all(choice));
}

/* The image's loss in nats a token, by the integer runtime. */
static int measure(choosing *choice, const void *image, size_t bytes, double *loss, db_error *error)
{
    dogberry_image opened;
    const int status = dogberry_open(&opened, image, bytes);
    assert(status == DOGBERRY_OK); /* db_pack() has run it */
    (void)status;
    if (db_score_image(&opened, choice->ids, choice->count, choice->mixed->threads, loss, NULL, error) != 0)
        return -1;
    *loss /= (double)choice->count;
    tell(choice);
    return 0;
}

/* Packs and measures with the bits as they are, and lets the image go. */
static int try_bits(choosing *choice, size_t *bytes, double *loss, db_error *error)
{
    void *image = NULL;
    int failed = pack(choice, &image, bytes, error) || measure(choice, image, *bytes, loss, error);
    free(image);
    return failed ? -1 : 0;
}

static int check_room(choosing *choice, db_error *error)
{
    void *image = NULL;
    const size_t most = choice->mixed->max_bytes;
    set_all(choice, 4);
    if (pack(choice, &image, &choice->report->bytes4, error) != 0)
        return -1;
    free(image);
    tell(choice);
    if (most > 0 && choice->report->bytes4 > most)
        return db_fail(
            error,
            "mixed bits: %zu bytes are too few for this model: with 4 bits throughout the image has %zu, which is "
            "the smallest; allow that many, or train a smaller model",
            most, choice->report->bytes4);
    return 0;
}

/* As parts of an image are (docs/FORMAT.md). */
static size_t aligned(size_t bytes)
{
    return (bytes + 15) / 16 * 16;
}

/* What each matrix alone costs and saves at 4 bits. */
static int measure_each(choosing *choice, db_error *error)
{
    db_mixed *report = choice->report;
    set_all(choice, 8);
    if (try_bits(choice, &report->bytes8, &report->loss8, error) != 0)
        return -1;
    for (size_t i = 0; i < report->count; i++) {
        size_t bytes;
        double loss;
        db_mixed_tensor *tensor = &report->tensors[i];
        set_bits(choice, i, 4);
        if (try_bits(choice, &bytes, &loss, error) != 0)
            return -1;
        set_bits(choice, i, 8);
        tensor->saved = report->bytes8 - bytes;
        tensor->cost = loss - report->loss8;
        const db_tensor *parts = &choice->model->layout.tensors[choice->places[i]];
        size_t rows = 0;
        for (size_t k = 0; k < choice->spans[i]; k++)
            rows += parts[k].rows;
        tensor->bytes8 = aligned(rows * aligned(parts->cols)) + aligned(4 * rows);
    }
    return 0;
}

/* With a number of bytes: what stays at 8 bits is worth its cost and weighs what 4 bits would save. Without: what goes
 * to 4 bits is worth what it saves and weighs its cost. */
static void choose(choosing *choice)
{
    db_mixed *report = choice->report;
    const bool by_bytes = choice->mixed->max_bytes > 0;
    db_thing things[DB_MIXED_TENSORS_MAX];
    bool taken[DB_MIXED_TENSORS_MAX];
    for (size_t i = 0; i < report->count; i++) {
        const double cost = report->tensors[i].cost, saved = (double)report->tensors[i].saved;
        things[i] = by_bytes ? (db_thing){.value = cost, .weight = saved} : (db_thing){.value = saved, .weight = cost};
    }
    db_knapsack(things, report->count,
                by_bytes ? (double)choice->mixed->max_bytes - (double)report->bytes4
                         : DB_MIXED_ALLOWANCE * report->loss8,
                taken);
    report->expected = report->loss8;
    for (size_t i = 0; i < report->count; i++) {
        report->tensors[i].bits = taken[i] == by_bytes ? 8 : 4;
        set_bits(choice, i, (uint8_t)report->tensors[i].bits);
        if (report->tensors[i].bits == 4)
            report->expected += report->tensors[i].cost;
    }
}

static int run(choosing *choice, void **image, size_t *bytes, db_error *error)
{
    if (check_room(choice, error) != 0 || measure_each(choice, error) != 0)
        return -1;
    choose(choice);
    if (pack(choice, image, bytes, error) != 0)
        return -1;
    assert(choice->mixed->max_bytes == 0 || *bytes <= choice->mixed->max_bytes);
    choice->report->bytes = *bytes;
    if (measure(choice, *image, *bytes, &choice->report->loss, error) != 0) {
        free(*image);
        *image = NULL;
        return -1;
    }
    return 0;
}

int db_pack_mixed(const db_model_dir *model, const uint16_t *ids, size_t count, const db_pack_options *options,
                  const db_mixed_options *mixed, db_mixed *report, void **image, size_t *bytes, db_error *error)
{
    db_tokens kept = {0};
    if (count == 0) {
        db_tokens_append(&kept, &model->tokenizer, &model->calibration);
        ids = kept.ids;
        count = kept.count;
    }
    *report = (db_mixed){.tokens = count};
    choosing choice = {
        .model = model, .ids = ids, .count = count, .options = *options, .mixed = mixed, .report = report};
    choice.bits = db_allocate(model->layout.count);
    choice.options.tensor_bits = choice.bits;
    find_matrices(&choice);
    const int result = run(&choice, image, bytes, error);
    free(choice.bits);
    db_tokens_free(&kept);
    return result;
}
