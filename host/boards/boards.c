/* SPDX-License-Identifier: MIT */
#include "boards/boards.h"

#include <stddef.h>
#include <string.h>

enum { KB = 1024, MB = 1024 * 1024 };

static const db_board BOARDS[] = {
    {
        .name = "rp2040",
        .title = "Raspberry Pi Pico (RP2040)",
        .flash_bytes = 2 * MB,       /* Pico datasheet, section 1: W25Q16JV, 16 Mbit */
        .flash_address = 0x10000000, /* RP2040 datasheet, 2.2 Address Map: XIP */
        .model_offset = 128 * KB,    /* ours: room for the firmware */
        .ram_bytes = 264 * KB,       /* RP2040 datasheet, 2.6.2 SRAM: 4 x 64 KB + 2 x 4 KB */
        .clock_hz = 125000000,       /* Pico SDK's default system clock; the first rating of the datasheet is 133 MHz */
        .uf2_family = 0xE48BFF56,    /* Microsoft's uf2families.json: RP2040 */
        /* Fitted to what the emulated core counted for nine models of 27 k to 1.5 M weights, none off by more than
         * 1 %: tools/check_plan. Waits for flash are not in it. */
        .cycles_per_weight = 7.24,
        .cycles_per_row = 114,
        .cycles_per_logit = 201,
        .cycles_per_token = 30700,
        .basis = "fitted to the emulated core; waits for flash are not in it",
    },
    {
        .name = "pico2",
        .title = "Raspberry Pi Pico 2 (RP2350, Arm cores)",
        .flash_bytes = 4 * MB,       /* Pico 2 datasheet, section 1: W25Q32RV, 32 Mbit */
        .flash_address = 0x10000000, /* RP2350 datasheet, 2.2 Address map: XIP */
        .model_offset = 128 * KB,
        .ram_bytes = 520 * KB,    /* RP2350 datasheet, 4.2 SRAM: 8 x 64 KB + 2 x 4 KB */
        .clock_hz = 150000000,    /* RP2350 datasheet, 1 Introduction */
        .uf2_family = 0xE48BFF59, /* RP2350 datasheet, 5.5.3 UF2 targeting: rp2350-arm-s */
        .cycles_per_weight = 7.24,
        .cycles_per_row = 114,
        .cycles_per_logit = 201,
        .cycles_per_token = 30700,
        .basis = "the RP2040's cycles, not yet measured on this core",
    },
    {
        .name = "esp32s3",
        .title = "ESP32-S3 with 16 MB flash and 8 MB PSRAM (N16R8)",
        .flash_bytes = 16 * MB, /* ESP32-S3-WROOM-1 datasheet, table 1: N16R8 */
        .flash_address = 0,     /* mapped through the MMU, at no fixed place */
        .model_offset = 1 * MB, /* ours: bootloader, partition table and application before it */
        .ram_bytes = 512 * KB,  /* ESP32-S3 datasheet, 4.1.2 Internal memory: SRAM */
        .psram_bytes = 8 * MB,  /* ESP32-S3-WROOM-1 datasheet, table 1: N16R8 */
        .clock_hz = 240000000,  /* ESP32-S3 datasheet, 4.1.1 CPU */
        .uf2_family = 0,
        .cycles_per_weight = 7.24,
        .cycles_per_row = 114,
        .cycles_per_logit = 201,
        .cycles_per_token = 30700,
        .basis = "the RP2040's cycles, not yet measured on this core",
    },
    {.name = NULL},
};

const db_board *db_boards(void)
{
    return BOARDS;
}

const db_board *db_board_find(const char *name)
{
    for (const db_board *board = BOARDS; board->name; board++)
        if (strcmp(board->name, name) == 0)
            return board;
    return NULL;
}
