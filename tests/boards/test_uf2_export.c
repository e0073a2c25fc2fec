/* UF2 files of firmware and models: everything in its place, nothing else touched; what does not fit is refused.
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
#include "boards/uf2.h"
#include "boards/uf2_export.h"
#include "pack/pack.h"

enum { IMAGES = 3, SECTOR = DOGBERRY_STORE_ALIGNMENT, STORE = 0x10020000 };

static uint8_t firmware_bytes[9000];
static void *image_bytes[IMAGES];
static dogberry_image images[IMAGES];
static const dogberry_image *all[IMAGES] = {&images[0], &images[1], &images[2]};

static int make_images(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < IMAGES; i++) {
        const db_model_config config = {.architecture = DOGBERRY_LSTM,
                                        .output = DOGBERRY_DENSE,
                                        .embedding = 12,
                                        .hidden = 24 + 24 * i,
                                        .layers = 1};
        db_model_dir model;
        db_pack_options options;
        size_t length;
        db_pack_defaults(&options);
        if (tiny_model(&model, config, i, NULL) != 0)
            return -1;
        snprintf(model.name, sizeof model.name, "model %u", i);
        if (db_pack(&model, NULL, 0, &options, &image_bytes[i], &length, NULL) != 0 ||
            dogberry_open(&images[i], image_bytes[i], length) != DOGBERRY_OK)
            return -1;
        db_model_dir_free(&model);
    }
    return 0;
}

static int free_images(void **state)
{
    (void)state;
    for (int i = 0; i < IMAGES; i++)
        free(image_bytes[i]);
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

/* Exports and parses again. */
static db_uf2 export(size_t count, uint32_t slot, const char *board, const db_firmware *firmware)
{
    uint8_t *bytes;
    size_t length;
    db_uf2 file;
    assert_int_equal(db_export_uf2(all, count, slot, db_board_find(board), firmware, &bytes, &length, NULL), 0);
    assert_int_equal(db_uf2_parse(&file, bytes, length, "test", NULL), 0);
    free(bytes);
    return file;
}

static void refused(size_t count, uint32_t slot, const db_board *board, const db_firmware *firmware, const char *reason)
{
    uint8_t *bytes = NULL;
    size_t length;
    db_error error = {""};
    assert_int_equal(db_export_uf2(all, count, slot, board, firmware, &bytes, &length, &error), -1);
    assert_null(bytes);
    if (!strstr(error.message, reason))
        fail_msg("\"%s\" lacks \"%s\"", error.message, reason);
}

/* Walks a store as a board does. Returns how many of `all` it found in order. */
static size_t models_in(const db_uf2_part *part)
{
    void *flash = db_allocate(part->length);
    dogberry_image seen;
    dogberry_place place;
    size_t cursor = 0, found = 0;
    memcpy(flash, part->bytes, part->length);
    while (dogberry_store_next(flash, part->length, &cursor, &seen, &place) > 0) {
        assert_int_equal(place.status, DOGBERRY_OK);
        assert_true(found < IMAGES);
        assert_string_equal(seen.name, images[found].name);
        assert_memory_equal((uint8_t *)flash + place.offset, image_bytes[found], images[found].length);
        found++;
    }
    free(flash);
    return found;
}

static void firmware_and_models_go_to_their_places(void **state)
{
    (void)state;
    const db_firmware firmware = sample_firmware();
    for (size_t count = 1; count <= IMAGES; count++) {
        db_uf2 file = export(count, 0, "rp2040", &firmware);
        assert_int_equal(file.family, 0xE48BFF56);
        assert_int_equal(file.count, 2);
        assert_int_equal(file.parts[0].address, 0x10000000);
        assert_memory_equal(file.parts[0].bytes, firmware_bytes, sizeof firmware_bytes);
        assert_int_equal(file.parts[1].address, STORE);
        assert_int_equal(models_in(&file.parts[1]), count);
        db_uf2_free(&file);
    }
}

static void models_alone_touch_their_slots_only(void **state)
{
    (void)state;
    db_uf2 file = export(2, 5, "pico2", NULL);
    assert_int_equal(file.family, 0xE48BFF59);
    assert_int_equal(file.count, 1);
    assert_int_equal(file.parts[0].address, STORE + 5 * SECTOR);
    assert_int_equal(file.parts[0].length, (db_slots(images[0].length) + db_slots(images[1].length)) * SECTOR);
    assert_int_equal(models_in(&file.parts[0]), 2);
    db_uf2_free(&file);
}

static void the_next_slot_is_behind_what_a_file_writes(void **state)
{
    (void)state;
    const db_board *board = db_board_find("rp2040");
    const db_firmware firmware = sample_firmware();
    uint8_t *bytes;
    size_t length;
    uint32_t slot = 99;
    db_error error = {""};
    assert_int_equal(db_export_uf2(all, 2, 3, board, NULL, &bytes, &length, NULL), 0);
    assert_int_equal(db_uf2_next_slot(bytes, length, board, "x", &slot, NULL), 0);
    assert_int_equal(slot, 3 + db_slots(images[0].length) + db_slots(images[1].length));
    assert_int_equal(db_uf2_next_slot(bytes, length, db_board_find("pico2"), "x", &slot, &error), -1);
    assert_non_null(strstr(error.message, "is not for"));
    assert_int_equal(db_uf2_next_slot(bytes, length - 1, board, "x", &slot, &error), -1);
    free(bytes);
    const db_uf2_part alone = {0x10000000, firmware.bytes, firmware.length};
    db_uf2_make(&alone, 1, board->uf2_family, &bytes, &length);
    assert_int_equal(db_uf2_next_slot(bytes, length, board, "x", &slot, &error), -1);
    assert_non_null(strstr(error.message, "writes no models"));
    free(bytes);
}

static void what_does_not_fit_is_refused_with_the_numbers(void **state)
{
    (void)state;
    db_board board = *db_board_find("rp2040");
    db_firmware firmware = sample_firmware();
    uint32_t slots = 0;
    for (int i = 0; i < IMAGES; i++)
        slots += db_slots(images[i].length);
    board.flash_bytes = 0x20000 + slots * SECTOR;
    uint8_t *bytes;
    size_t length;
    assert_int_equal(db_export_uf2(all, IMAGES, 0, &board, &firmware, &bytes, &length, NULL), 0);
    free(bytes);
    refused(IMAGES, 1, &board, NULL, "4096 too many");
    board.flash_bytes--;
    refused(IMAGES, 0, &board, &firmware, "1 too many");
    board.flash_bytes = 0x20000 + images[0].length - 1;
    refused(1, 0, &board, &firmware, "1 too many");
    board = *db_board_find("rp2040");
    firmware.arena_bytes = (uint32_t)dogberry_session_bytes(&images[IMAGES - 1]) - 1;
    refused(IMAGES, 0, &board, &firmware, "1 too few");
}

static void two_models_of_one_name_are_refused(void **state)
{
    (void)state;
    const dogberry_image *twins[] = {&images[1], &images[1]};
    uint8_t *bytes;
    size_t length;
    db_error error = {""};
    assert_int_equal(db_export_uf2(twins, 2, 0, db_board_find("rp2040"), NULL, &bytes, &length, &error), -1);
    assert_non_null(strstr(error.message, "two images are called 'model 1'"));
}

static void board_without_uf2_is_refused(void **state)
{
    (void)state;
    refused(1, 0, db_board_find("esp32s3-n16r8"), NULL, "UF2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firmware_and_models_go_to_their_places),
        cmocka_unit_test(models_alone_touch_their_slots_only),
        cmocka_unit_test(the_next_slot_is_behind_what_a_file_writes),
        cmocka_unit_test(what_does_not_fit_is_refused_with_the_numbers),
        cmocka_unit_test(two_models_of_one_name_are_refused),
        cmocka_unit_test(board_without_uf2_is_refused),
    };
    return cmocka_run_group_tests(tests, make_images, free_images);
}
