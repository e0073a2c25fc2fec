/* Imported models of tiny-transformers-rp2040 as images: the integer runtime reads text as the same tokens and has
 * nearly the loss of the float model, past the context too. With DOGBERRY_DATA also the published ones.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "interop/rp2040.h"
#include "pack/pack.h"
#include "pack/score.h"
#include "tiny_foreign.h"
#include "train/evaluate.h"

enum { TOKENS_MOST = 20000 };

static made_file file, other; /* large; one test runs at a time */

static const char TEXT[] = "the thing ate a hen. then he hit the tin thing again, and it ate ten.\n"
                           "the hen got into the hat and hid. he had to go on, to get a nag, a goat, and an ant!";

static size_t encode(const dogberry_tokenizer *tokenizer, const char *text, size_t length, uint16_t *ids)
{
    dogberry_cursor cursor = {.text = text, .length = length};
    size_t count = 0;
    for (int id; count < TOKENS_MOST && (id = dogberry_encode(tokenizer, &cursor)) >= 0;)
        ids[count++] = (uint16_t)id;
    return count;
}

/* Packs with the text to calibrate on. Returns how many times its loss per token the float model's is the image's. */
static double packed_loss(const db_model_dir *model, const char *text, size_t length, uint32_t bits)
{
    static uint16_t ids[TOKENS_MOST], again[TOKENS_MOST];
    dogberry_image image;
    db_pack_options options;
    db_error error = {""};
    void *bytes;
    size_t image_bytes;
    double nats;
    const size_t count = encode(&model->tokenizer.view, text, length, ids);
    db_pack_defaults(&options);
    options.bits = bits;
    if (db_pack(model, ids, count, &options, &bytes, &image_bytes, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(dogberry_open(&image, bytes, image_bytes), DOGBERRY_OK);
    assert_int_equal(image.transformer.feed_forward, DOGBERRY_SILU);
    assert_int_equal(encode(&image.tokenizer, text, length, again), count);
    assert_memory_equal(again, ids, count * sizeof *ids);
    if (db_score_image(&image, ids, count, 1, &nats, NULL, &error) != 0)
        fail_msg("%s", error.message);
    free(bytes);
    const db_sequence sequence = {ids, count, model->start_token, model->tokenizer.view.end};
    return nats / db_evaluate(&model->config, model->parameters, &sequence, 1, NULL).nats;
}

/* Logits of a few nats, so that a wrong one costs. */
static void make_sure(db_model_dir *model)
{
    const db_tensor *output = db_layout_find(&model->layout, "lm_head.weight");
    for (size_t i = 0; i < (size_t)output->rows * output->cols; i++)
        model->parameters[output->offset + i] *= 100;
}

/* With a context of 12, of 1 and of more than the text: the header's sixth number. */
static void made_up_models_lose_little(void **state)
{
    (void)state;
    static const uint32_t contexts[] = {TINY_CONTEXT, 1, 500};
    make_tiny_vocabulary(&other);
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        db_model_dir model = {0};
        db_error error = {""};
        size_t empty;
        make_tiny(&file);
        memcpy(file.bytes + 20, &contexts[i], sizeof contexts[i]);
        const db_foreign_file weights = {file.bytes, file.length, "model"},
                              words = {other.bytes, other.length, "words"};
        if (db_rp2040_read(&model, &weights, &words, &empty, &error) != 0)
            fail_msg("%s", error.message);
        make_sure(&model);
        const double eight = packed_loss(&model, TEXT, sizeof TEXT - 1, 8);
        const double four = packed_loss(&model, TEXT, sizeof TEXT - 1, 4);
        print_message("context %u: %+.3f %% at 8 bits, %+.3f %% at 4\n", contexts[i], 100 * (eight - 1),
                      100 * (four - 1));
        assert_true(fabs(eight - 1) < 0.01);
        assert_true(fabs(four - 1) < 0.15);
        db_model_dir_free(&model);
    }
}

static const struct {
    const char *folder, *number;
} PUBLISHED[] = {{"story-1k", "1280"},  {"story-3k", "2880"},  {"story-4k", "3920"},  {"chat-8k", "8192"},
                 {"chat-10k", "10368"}, {"chat-13k", "12800"}, {"chat-18k", "18432"}, {"assistant-45k", "45056"}};

/* A file of data that is not part of the project; NULL where it is not there. */
static void *data_file(const char *name, size_t *length)
{
    const char *folder = getenv("DOGBERRY_DATA");
    char path[512];
    void *bytes = NULL;
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0 || db_file_read(path, &bytes, length, NULL) != 0)
        printf("skipped: no data (%s)\n", name);
    return bytes;
}

static void published_models_lose_little(void **state)
{
    (void)state;
    db_foreign_file stories = {.path = "stories"}, weights = {.path = "model"}, words = {.path = "words"};
    void *text = data_file("stories-synthetic.txt", &stories.length);
    for (size_t i = 0; i < sizeof PUBLISHED / sizeof *PUBLISHED && text; i++) {
        char name[256];
        db_model_dir model = {0};
        size_t empty;
        snprintf(name, sizeof name, "rp2040-v4/%s/model_%sp.bin", PUBLISHED[i].folder, PUBLISHED[i].number);
        void *bytes = data_file(name, &weights.length);
        snprintf(name, sizeof name, "rp2040-v4/%s/vocab_%sp.bin", PUBLISHED[i].folder, PUBLISHED[i].number);
        void *texts = data_file(name, &words.length);
        if (bytes && texts) {
            weights.bytes = bytes;
            words.bytes = texts;
            assert_int_equal(db_rp2040_read(&model, &weights, &words, &empty, NULL), 0);
            const double loss = packed_loss(&model, text, 10000, 8);
            print_message("%s: %+.3f %% at 8 bits\n", PUBLISHED[i].folder, 100 * (loss - 1));
            assert_true(fabs(loss - 1) < 0.003);
            db_model_dir_free(&model);
        }
        free(bytes);
        free(texts);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_up_models_lose_little),
        cmocka_unit_test(published_models_lose_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
