/* Plans: to the byte what the runtime asks for; too big is refused with the numbers.
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
#include "pack/pack.h"

static const db_model_config CONFIG = {
    .architecture = DOGBERRY_LSTM, .output = DOGBERRY_DENSE, .embedding = 12, .hidden = 24, .layers = 2};

static uint8_t firmware_bytes[9000];
static db_model_dir model;
static void *image_bytes;
static size_t image_length;
static dogberry_image image;

static int make_image(void **state)
{
    (void)state;
    db_pack_options options;
    db_pack_defaults(&options);
    return tiny_model(&model, CONFIG, 3, NULL) != 0 ||
           db_pack(&model, NULL, 0, &options, &image_bytes, &image_length, NULL) != 0 ||
           dogberry_open(&image, image_bytes, image_length) != DOGBERRY_OK;
}

static int free_image(void **state)
{
    (void)state;
    free(image_bytes);
    db_model_dir_free(&model);
    return 0;
}

static db_firmware sample_firmware(void)
{
    memset(firmware_bytes, 0x5A, sizeof firmware_bytes);
    return (db_firmware){.model_offset = 0x20000,
                         .flash_bytes = sizeof firmware_bytes,
                         .ram_bytes = 60000,
                         .arena_bytes = 40000,
                         .stack_bytes = 2048,
                         .bytes = firmware_bytes,
                         .length = sizeof firmware_bytes};
}

static void plan_is_exact(void **state)
{
    (void)state;
    const db_firmware firmware = sample_firmware();
    db_plan plan;
    db_plan_make(&plan, &image, db_board_find("rp2040"), &firmware);
    assert_true(plan.fits);
    assert_int_equal(plan.session_bytes, dogberry_session_bytes(&image));
    assert_int_equal(plan.image_bytes, image_length);
    assert_int_equal(plan.flash_end, 0x20000 + image_length);
    assert_int_equal(plan.ram_needed, 20000 + 2048 + dogberry_session_bytes(&image));
    assert_string_equal(plan.advice, "");
    /* one embedding row, two layers of four gates, the output matrix */
    const uint64_t weights = 12 + 4 * 24 * (12 + 24) + 4 * 24 * (24 + 24) + 40 * 24;
    assert_int_equal(plan.cost.weights, weights);
    /* rows of 12, 24 and 24 weights are padded to 16, 32 and 32 */
    const uint64_t padded = 96 * (16 + 32) + 96 * (32 + 32) + 40 * 32;
    assert_int_equal(plan.cost.weights_i8, padded);
    assert_int_equal(plan.cost.weights_i4, 0);
    /* those, a scale word a row, a bias a gate and logit, and the row of the embedding */
    assert_int_equal(plan.cost.image_bytes, padded + 4 * (4 * 96 + 40) + 2 * (2 * 96 + 40) + 16 + 4);
    const db_core_cost *core = plan.board->core;
    const double cycles = core->cycles_per_weight_i8 * (double)padded + core->cycles_per_row * 4 * 96 +
                          core->cycles_per_logit * 40 + core->cycles_per_token;
    assert_true(fabs(plan.cycles_per_token - cycles) < 1e-6 * cycles);
    const double core_seconds = cycles / 125e6, flash_seconds = (double)plan.cost.image_bytes / (62.5e6 / 2);
    assert_true(fabs(plan.tokens_per_second * fmax(core_seconds, flash_seconds) - 1) < 1e-6);
    assert_true(fabs(plan.tokens_per_second_least * (core_seconds + flash_seconds) - 1) < 1e-6);

    /* The planned arena is enough, one byte less is not. */
    dogberry_session *session;
    void *arena = db_allocate(plan.session_bytes);
    assert_int_equal(dogberry_start(&session, &image, arena, plan.session_bytes), DOGBERRY_OK);
    assert_int_equal(dogberry_start(&session, &image, arena, plan.session_bytes - 1), DOGBERRY_ERR_ARENA);
    free(arena);
}

static void a_dogberry_session_takes_no_more_than_16_kilobytes(void **state)
{
    (void)state;
    const dogberry_image dogberry = {
        .architecture = DOGBERRY_LSTM, .vocab = 4000, .embedding = 64, .hidden = 256, .layers = 1};
    db_plan plan;
    db_plan_make(&plan, &dogberry, db_board_find("rp2040"), NULL);
    assert_int_equal(plan.session_bytes, dogberry_session_bytes(&dogberry));
    assert_true(plan.session_bytes <= 16 * 1024);
}

static void plan_without_firmware_says_so(void **state)
{
    (void)state;
    db_plan plan;
    db_plan_make(&plan, &image, db_board_find("pico2"), NULL);
    assert_true(plan.fits && !plan.has_firmware);
    assert_int_equal(plan.ram_needed, dogberry_session_bytes(&image));
    assert_non_null(strstr(plan.verdict, "without the firmware"));
}

/* What does not fit is told with its numbers, down to one byte too many. */
static void does_not_fit(const db_board *board, const db_firmware *firmware, const char *number)
{
    db_plan plan;
    db_plan_make(&plan, &image, board, firmware);
    assert_false(plan.fits);
    assert_true(plan.advice[0] != 0);
    if (!strstr(plan.verdict, number))
        fail_msg("\"%s\" lacks %s", plan.verdict, number);
}

static void too_big_is_refused_with_the_numbers(void **state)
{
    (void)state;
    char number[32];
    db_board board = *db_board_find("rp2040");
    db_firmware firmware = sample_firmware();
    db_plan plan;

    board.flash_bytes = (uint32_t)(0x20000 + image_length);
    db_plan_make(&plan, &image, &board, &firmware);
    assert_true(plan.fits);
    board.flash_bytes--;
    does_not_fit(&board, &firmware, "1 too many");
    snprintf(number, sizeof number, "%zu", image_length);
    does_not_fit(&board, NULL, number);

    board = *db_board_find("rp2040");
    firmware.arena_bytes = (uint32_t)dogberry_session_bytes(&image);
    db_plan_make(&plan, &image, &board, &firmware);
    assert_true(plan.fits);
    firmware.arena_bytes--;
    does_not_fit(&board, &firmware, "1 too few");

    firmware = sample_firmware();
    board.ram_bytes = (uint32_t)(22048 + dogberry_session_bytes(&image));
    db_plan_make(&plan, &image, &board, &firmware);
    assert_true(plan.fits);
    board.ram_bytes--;
    does_not_fit(&board, &firmware, "1 too few");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_is_exact),
        cmocka_unit_test(a_dogberry_session_takes_no_more_than_16_kilobytes),
        cmocka_unit_test(plan_without_firmware_says_so),
        cmocka_unit_test(too_big_is_refused_with_the_numbers),
    };
    return cmocka_run_group_tests(tests, make_image, free_image);
}
