/* UF2 files: written, read back, damaged; the firmware's info block.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boards/boards.h"
#include "boards/firmware.h"
#include "boards/uf2.h"

enum { BLOCK = 512, FAMILY = 0x12345678 };

static uint8_t pattern[10000];

static void fill_pattern(void)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 256 + 1);
}

static void make_two_parts(uint8_t **bytes, size_t *length)
{
    fill_pattern();
    const db_uf2_part parts[] = {{0x10000000, pattern, 5000}, {0x10020000, pattern + 5000, 300}};
    db_uf2_make(parts, 2, FAMILY, bytes, length);
}

static void parts_read_back_padded_to_sectors(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t length;
    make_two_parts(&bytes, &length);
    assert_int_equal(length, (8192 + 4096) / 256 * BLOCK);
    db_uf2 file;
    assert_int_equal(db_uf2_parse(&file, bytes, length, "test", NULL), 0);
    assert_int_equal(file.family, FAMILY);
    assert_int_equal(file.count, 2);
    assert_int_equal(file.parts[0].address, 0x10000000);
    assert_int_equal(file.parts[0].length, 8192);
    assert_memory_equal(file.parts[0].bytes, pattern, 5000);
    for (size_t i = 5000; i < 8192; i++)
        assert_int_equal(file.parts[0].bytes[i], 0);
    assert_int_equal(file.parts[1].address, 0x10020000);
    assert_int_equal(file.parts[1].length, 4096);
    assert_memory_equal(file.parts[1].bytes, pattern + 5000, 300);
    db_uf2_free(&file);
    free(bytes);
}

/* The bytes of one block by hand, from the format's description, not from the writer. */
static void first_block_is_as_the_format_says(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t length;
    make_two_parts(&bytes, &length);
    const uint8_t head[32] = {0x55, 0x46, 0x32, 0x0A, 0x57, 0x51, 0x5D, 0x9E, 0x00, 0x20, 0x00,
                              0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
                              0x00, 0x00, 48,   0x00, 0x00, 0x00, 0x78, 0x56, 0x34, 0x12};
    const uint8_t tail[4] = {0x30, 0x6F, 0xB1, 0x0A};
    assert_memory_equal(bytes, head, sizeof head);
    assert_memory_equal(bytes + 32, pattern, 256);
    assert_memory_equal(bytes + 508, tail, sizeof tail);
    free(bytes);
}

static void exact_sector_gets_no_padding(void **state)
{
    (void)state;
    fill_pattern();
    uint8_t *bytes;
    size_t length;
    const db_uf2_part part = {0x10000000, pattern, 4096};
    db_uf2_make(&part, 1, FAMILY, &bytes, &length);
    assert_int_equal(length, 16 * BLOCK);
    free(bytes);
}

static void refuse(uint8_t *bytes, size_t length, size_t at, uint8_t change)
{
    bytes[at] ^= change;
    db_uf2 file;
    db_error error = {""};
    if (db_uf2_parse(&file, bytes, length, "damaged", &error) != -1)
        fail_msg("byte %zu changed by %u was accepted", at, change);
    assert_true(error.message[0] != 0);
    bytes[at] ^= change;
}

static void damage_is_refused(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t length;
    make_two_parts(&bytes, &length);
    for (size_t at = 0; at < 32; at++)
        refuse(bytes, length, 3 * BLOCK + at, 0x11);
    for (size_t at = 508; at < 512; at++)
        refuse(bytes, length, 3 * BLOCK + at, 0x11);
    db_uf2 file;
    for (size_t cut = 0; cut < length; cut += 100)
        assert_int_equal(db_uf2_parse(&file, bytes, cut, "cut", NULL), -1);
    free(bytes);
}

static void put_word(uint8_t *bytes, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        bytes[at + i] = (uint8_t)(value >> (8 * i));
}

/* A firmware of `length` bytes with its block at `at`. */
static void make_firmware(uint8_t *bytes, size_t length, size_t at)
{
    memset(bytes, 0xAA, length);
    memcpy(bytes + at, "DOGF", 4);
    const uint32_t words[] = {1, 0x20000, (uint32_t)length, 60000, 40000, 2048, 0};
    for (size_t i = 0; i < 7; i++)
        put_word(bytes, at + 4 + 4 * i, words[i]);
}

static void info_block_is_found(void **state)
{
    (void)state;
    uint8_t bytes[6000];
    for (size_t at = 0; at <= 4096 - 32; at += 4) {
        make_firmware(bytes, sizeof bytes, at);
        db_firmware firmware;
        assert_int_equal(db_firmware_parse(&firmware, bytes, sizeof bytes, "test", NULL), 0);
        assert_int_equal(firmware.model_offset, 0x20000);
        assert_int_equal(firmware.flash_bytes, sizeof bytes);
        assert_int_equal(firmware.ram_bytes, 60000);
        assert_int_equal(firmware.arena_bytes, 40000);
        assert_int_equal(firmware.stack_bytes, 2048);
    }
}

static void firmware_refused(const uint8_t *bytes, size_t length)
{
    db_firmware firmware;
    db_error error = {""};
    assert_int_equal(db_firmware_parse(&firmware, bytes, length, "test", &error), -1);
    assert_true(error.message[0] != 0);
}

static void bad_firmware_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[0x21000];
    firmware_refused(bytes, 0);
    memset(bytes, 0, sizeof bytes);
    firmware_refused(bytes, 8192); /* no block */
    make_firmware(bytes, 8192, 4100);
    firmware_refused(bytes, 8192); /* block too late */
    make_firmware(bytes, 8192, 514);
    firmware_refused(bytes, 8192); /* not on a word */
    make_firmware(bytes, 512, 512 - 32);
    firmware_refused(bytes, 511); /* cut */
    const struct {
        size_t word;
        uint32_t value;
    } damage[] = {{1, 2}, {2, 0}, {2, 0x20001}, {3, 0x20001}, {5, 60001}, {7, 1}};
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        make_firmware(bytes, 8192, 512);
        put_word(bytes, 512 + 4 * damage[i].word, damage[i].value);
        firmware_refused(bytes, 8192);
    }
    make_firmware(bytes, 0x20004, 512);
    put_word(bytes, 512 + 12, 4096);
    firmware_refused(bytes, 0x20004); /* reaches into the model */
}

static void boards_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(db_board_find("rp2040")->flash_bytes, 2 * 1024 * 1024);
    assert_int_equal(db_board_find("pico2")->ram_bytes, 520 * 1024);
    assert_non_null(db_board_find("esp32s3-n16r8"));
    assert_null(db_board_find("rp204"));
    for (const db_board *board = db_boards(); board->name; board++) {
        assert_int_equal(board->model_offset % DB_UF2_SECTOR, 0);
        assert_true(board->clock_hz > 0 && board->flash_basis);
        assert_true(board->core->cycles_per_weight_i4 > 0 && board->core->basis);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_read_back_padded_to_sectors),
        cmocka_unit_test(first_block_is_as_the_format_says),
        cmocka_unit_test(exact_sector_gets_no_padding),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(info_block_is_found),
        cmocka_unit_test(bad_firmware_is_refused),
        cmocka_unit_test(boards_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
