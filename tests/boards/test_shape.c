/* Sizes of images that do not exist yet: what packing then makes. And what a plan advises with them.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../pack/tiny_model.h"
#include "boards/plan.h"
#include "boards/shape.h"
#include "pack/pack.h"

typedef struct {
    db_model_dir model;
    void *bytes;
    dogberry_image image;
} packed;

/* Sizes that are no multiples of anything, so that padding shows. */
static db_model_config config_of(uint32_t architecture, uint32_t output, uint32_t feed_forward)
{
    if (architecture == DOGBERRY_TRANSFORMER)
        return (db_model_config){.architecture = architecture,
                                 .output = output,
                                 .embedding = 18,
                                 .hidden = 27,
                                 .layers = 6, /* more than recurrent models have */
                                 .heads = 3,
                                 .kv_heads = output == DOGBERRY_TIED ? 3 : 1,
                                 .context = 11,
                                 .feed_forward = feed_forward,
                                 .rotary_base = DB_ROTARY_BASE};
    return (db_model_config){.architecture = architecture,
                             .output = output,
                             .embedding = output == DOGBERRY_TIED ? 27 : 13,
                             .hidden = 27,
                             .layers = 2,
                             .classes = output == DOGBERRY_FACTORED ? 6 : 0};
}

static void pack(packed *made, db_model_config config, uint32_t bits)
{
    db_pack_options options;
    size_t length;
    db_pack_defaults(&options);
    options.bits = bits;
    assert_int_equal(tiny_model(&made->model, config, 3, NULL), 0);
    assert_int_equal(db_pack(&made->model, NULL, 0, &options, &made->bytes, &length, NULL), 0);
    assert_int_equal(dogberry_open(&made->image, made->bytes, length), DOGBERRY_OK);
}

static void free_packed(packed *made)
{
    free(made->bytes);
    db_model_dir_free(&made->model);
}

/* What of an image is neither header, table nor tensors. */
static uint32_t after_tensors(const dogberry_image *image)
{
    return image->length - image->tokenizer_at;
}

static void tensors_are_as_packed_to_the_byte(void **state)
{
    (void)state;
    static const uint32_t kinds[][3] = {{DOGBERRY_LSTM, DOGBERRY_DENSE},
                                        {DOGBERRY_LSTM, DOGBERRY_FACTORED},
                                        {DOGBERRY_GRU, DOGBERRY_TIED},
                                        {DOGBERRY_GRU, DOGBERRY_DENSE},
                                        {DOGBERRY_TRANSFORMER, DOGBERRY_TIED, DB_RELU2},
                                        {DOGBERRY_TRANSFORMER, DOGBERRY_DENSE, DB_SWIGLU},
                                        {DOGBERRY_TRANSFORMER, DOGBERRY_DENSE, DB_SILU}};
    for (size_t i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
        packed made;
        dogberry_image shape, again;
        db_model_config config = config_of(kinds[i / 2][0], kinds[i / 2][1], kinds[i / 2][2]);
        uint32_t bits = i % 2 ? 4 : 8;
        pack(&made, config, bits);
        uint32_t tensors = made.image.length - after_tensors(&made.image);
        assert_true(db_shape_make(&shape, &made.model.config, DOGBERRY_WORD, bits));
        assert_int_equal(db_shape_tensor_bytes(&made.image), tensors);
        assert_int_equal(db_shape_tensor_bytes(&shape), tensors);
        assert_int_equal(dogberry_session_bytes(&shape), dogberry_session_bytes(&made.image));
        db_shape_int4(&again, &made.image);
        assert_true(bits == 4 ? again.length == made.image.length : again.length < made.image.length);
        assert_int_equal(dogberry_session_bytes(&again), dogberry_session_bytes(&made.image));
        /* and what a token costs is what the image says */
        db_token_cost expected = db_token_cost_of(&made.image), got = db_token_cost_of(&shape);
        assert_int_equal(got.image_bytes, expected.image_bytes);
        assert_int_equal(got.weights_i8, expected.weights_i8);
        assert_int_equal(got.weights_i4, expected.weights_i4);
        assert_int_equal(got.weights, expected.weights);
        free_packed(&made);
    }
}

static void int4_shape_is_the_int4_image(void **state)
{
    (void)state;
    packed wide, narrow;
    dogberry_image shape;
    pack(&wide, config_of(DOGBERRY_LSTM, DOGBERRY_DENSE, 0), 8);
    pack(&narrow, config_of(DOGBERRY_LSTM, DOGBERRY_DENSE, 0), 4);
    db_shape_int4(&shape, &wide.image);
    assert_int_equal(shape.length - db_shape_tensor_bytes(&shape), after_tensors(&wide.image));
    assert_int_equal(db_shape_tensor_bytes(&shape), db_shape_tensor_bytes(&narrow.image));
    free_packed(&wide);
    free_packed(&narrow);
}

static void presets_are_within_their_names(void **state)
{
    (void)state;
    dogberry_image shape;
    const db_preset *dogberry = db_preset_find("dogberry");
    assert_true(db_shape_make(&shape, &dogberry->config, dogberry->tokenizer, 8));
    /* docs/BENCHMARKS.md: a trained one is 1723120 bytes, 9760 of RAM */
    assert_in_range(shape.length, 1723120 * 98 / 100, 1723120 * 102 / 100);
    assert_int_equal(dogberry_session_bytes(&shape), 9760);
    const db_preset *transformer = db_preset_find("story-1k");
    assert_true(db_shape_make(&shape, &transformer->config, transformer->tokenizer, 8));
    assert_true(db_shape_tensor_bytes(&shape) < 6000);
}

/* Advice names only what would help. */
static void advice_is_what_would_fit(void **state)
{
    (void)state;
    dogberry_image big, small;
    db_board board = *db_board_find("rp2040");
    const db_preset *word8k = db_preset_find("word-8k");
    db_plan plan;
    db_shape_make(&big, &word8k->config, word8k->tokenizer, 8);
    db_shape_int4(&small, &big);
    db_plan_make(&plan, &big, &board, NULL);
    assert_false(plan.fits);
    assert_non_null(strstr(plan.advice, "--bits 4"));
    assert_non_null(strstr(plan.advice, "preset word-8k (about"));
    assert_non_null(strstr(plan.advice, "at 4 bits"));

    board.flash_bytes = board.model_offset + small.length - 1;
    db_plan_make(&plan, &big, &board, NULL);
    assert_null(strstr(plan.advice, "--bits 4"));
    assert_non_null(strstr(plan.advice, "preset dogberry"));

    board = *db_board_find("rp2040");
    board.flash_bytes = 16u << 20;
    board.ram_bytes = 12000; /* logits of 8000 words alone are more */
    db_plan_make(&plan, &big, &board, NULL);
    assert_non_null(strstr(plan.verdict, "RAM"));
    assert_null(strstr(plan.advice, "--bits 4"));
    assert_non_null(strstr(plan.advice, "class-factored"));

    board.flash_bytes = board.model_offset + 1000;
    db_plan_make(&plan, &big, &board, NULL);
    assert_null(strstr(plan.advice, "preset"));
    assert_non_null(strstr(plan.advice, "larger board"));
}

/* Keys and values that do not fit: the longest context that would, to the token; none where flash is what lacks. */
static void a_context_that_would_fit_is_named(void **state)
{
    (void)state;
    dogberry_image image;
    db_board board = *db_board_find("rp2040");
    const db_preset *large = db_preset_find("assistant-45k");
    db_model_config config = large->config;
    char expected[64];
    db_plan plan;
    config.context = 4096;
    db_shape_make(&image, &config, large->tokenizer, 8);
    db_plan_make(&plan, &image, &board, NULL);
    assert_false(plan.fits);
    assert_non_null(strstr(plan.verdict, "RAM"));
    assert_null(strstr(plan.advice, "--bits 4"));
    while (!plan.fits) {
        assert_true(--image.transformer.context > 64);
        snprintf(expected, sizeof expected, "train with --context %u; or ", image.transformer.context);
        const db_plan longer = plan;
        db_plan_make(&plan, &image, &board, NULL);
        if (plan.fits && !strstr(longer.advice, expected))
            fail_msg("no \"%s\" in: %s", expected, longer.advice);
    }
    board.ram_bytes = 500;
    db_plan_make(&plan, &image, &board, NULL);
    assert_non_null(strstr(plan.advice, "no context is short enough"));
    assert_null(strstr(plan.advice, "preset"));

    board = *db_board_find("rp2040");
    board.flash_bytes = board.model_offset + image.length - 1;
    db_plan_make(&plan, &image, &board, NULL);
    assert_non_null(strstr(plan.verdict, "1 too many"));
    assert_null(strstr(plan.advice, "context"));
    assert_non_null(strstr(plan.advice, "--bits 4"));
    assert_non_null(strstr(plan.advice, "preset assistant-"));
}

static void every_board_is_complete(void **state)
{
    (void)state;
    size_t boards = 0;
    for (const db_board *board = db_boards(); board->name; board++, boards++) {
        assert_ptr_equal(db_board_find(board->name), board);
        assert_true(board->title && board->core && board->core->basis && board->flash_basis);
        assert_true(board->model_offset > 0 && board->model_offset < board->flash_bytes);
        assert_int_equal(board->model_offset % 4096, 0);
        assert_true(board->ram_bytes > 0 && board->clock_hz > 0 && board->flash_bandwidth > 0);
        assert_true((board->psram_bytes > 0) == (board->psram_bandwidth > 0));
        assert_true(board->core->cycles_per_weight_i8 > 0 && board->core->cycles_per_weight_i4 > 0);
    }
    assert_true(boards >= 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_as_packed_to_the_byte), cmocka_unit_test(int4_shape_is_the_int4_image),
        cmocka_unit_test(presets_are_within_their_names),    cmocka_unit_test(advice_is_what_would_fit),
        cmocka_unit_test(a_context_that_would_fit_is_named), cmocka_unit_test(every_board_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
