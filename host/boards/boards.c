/*
 * The boards' figures, each with its source. docs/BOARDS.md repeats them for people.
 *
 * SPDX-License-Identifier: MIT
 */
#include "boards/boards.h"

#include <stddef.h>
#include <string.h>

enum { KB = 1024, MB = 1024 * 1024 };

/* ---- Cores ---- */

/* What is not a product of a matrix is taken from the RP2040 for every core, which is too much for the larger ones. */
#define OTHER_CYCLES .cycles_per_row = 134, .cycles_per_logit = 172, .cycles_per_token = 31600

/* Fitted to what the emulated core counted for six models of 50 k to 1.4 M weights, with 8 and with 4 bits, none off by
 * more than 2 %: tools/check_plan. */
static const db_core_cost ARMV6M = {
    .kernels = "armv6m",
    .cycles_per_weight_i8 = 3.15,
    .cycles_per_weight_i4 = 2.15,
    OTHER_CYCLES,
    .basis = "core cycles fitted to the emulated RP2040",
};

/* docs/BENCHMARKS.md, "Kernels on Arm cores": -64..63, the same on M4, M7 and M33 within 0.06. */
static const db_core_cost ARM_DSP = {
    .kernels = "arm-dsp",
    .cycles_per_weight_i8 = 1.82,
    .cycles_per_weight_i4 = 1.51,
    OTHER_CYCLES,
    .basis = "instructions a weight counted in QEMU, taken as a cycle each; the rest from the RP2040",
};

/* docs/BENCHMARKS.md, "Kernels on PCs and in browsers", RV32IMC. */
static const db_core_cost RV32 = {
    .kernels = "scalar32",
    .cycles_per_weight_i8 = 3.45,
    .cycles_per_weight_i4 = 2.84,
    OTHER_CYCLES,
    .basis = "instructions a weight counted in QEMU, taken as a cycle each; the rest from the RP2040",
};

/* The same, Xtensa lx106. */
static const db_core_cost XTENSA = {
    .kernels = "scalar32",
    .cycles_per_weight_i8 = 5.79,
    .cycles_per_weight_i4 = 3.16,
    OTHER_CYCLES,
    .basis =
        "instructions a weight of C code for lx106 counted in QEMU, taken as a cycle each; the rest from the RP2040",
};

/* count_kernels_s3 (tests/kernels), 256 columns: the assembly's instructions, a cycle each and waiting for operands as
 * in the ESP32-S3 TRM, 1.7. On no chip yet. */
static const db_core_cost XTENSA_S3 = {
    .kernels = "xtensa-s3",
    .cycles_per_weight_i8 = 0.172,
    .cycles_per_weight_i4 = 0.565,
    OTHER_CYCLES,
    .basis = "instructions of the vector kernels counted, a cycle each (TRM 1.7), run on no chip yet; the rest from "
             "the RP2040",
};

/* ---- Boards ---- */

static const db_board BOARDS[] = {
    {
        .name = "rp2040",
        .title = "Raspberry Pi Pico (RP2040)",
        .flash_bytes = 2 * MB,       /* Pico datasheet, section 1: W25Q16JV, 16 Mbit */
        .flash_address = 0x10000000, /* RP2040 datasheet, 2.2 Address Map: XIP */
        .model_offset = 128 * KB,    /* ours: room for the firmware */
        .ram_bytes = 264 * KB,       /* RP2040 datasheet, 2.6.2 SRAM: 4 x 64 KB + 2 x 4 KB */
        .clock_hz = 125000000,       /* Pico SDK's default system clock; the first rating of the datasheet is 133 MHz */
        /* W25Q16JV datasheet, Fast Read Quad I/O (EBh): 4 bits a clock for as long as a read goes on. Pico SDK: half
         * the system clock. The firmware reads large matrices so, by DMA; what goes through the cache instead takes 28
         * clocks for 8 bytes, 17.9 MB/s. */
        .flash_bandwidth = 62.5e6 / 2,
        .flash_basis = "datasheet: 4 bits a clock of 62.5 MHz in long reads",
        .core = &ARMV6M,
        .uf2_family = 0xE48BFF56, /* Microsoft's uf2families.json: RP2040 */
    },
    {
        .name = "pico2",
        .title = "Raspberry Pi Pico 2 (RP2350, Arm cores)",
        .flash_bytes = 4 * MB,       /* Pico 2 datasheet, section 1: W25Q32RV, 32 Mbit */
        .flash_address = 0x10000000, /* RP2350 datasheet, 2.2 Address map: XIP */
        .model_offset = 128 * KB,
        .ram_bytes = 520 * KB, /* RP2350 datasheet, 4.2 SRAM: 8 x 64 KB + 2 x 4 KB */
        .clock_hz = 150000000, /* RP2350 datasheet, 1 Introduction */
        /* RP2350 datasheet, 12.14 QMI: reads that follow each other go on without a new address; 4 bits a clock, at
         * the Pico SDK's half of the system clock. */
        .flash_bandwidth = 75e6 / 2,
        .flash_basis = "datasheet: 4 bits a clock of 75 MHz in one run",
        .core = &ARM_DSP,
        .uf2_family = 0xE48BFF59, /* RP2350 datasheet, 5.5.3 UF2 targeting: rp2350-arm-s */
    },
    {
        .name = "pico2-riscv",
        .title = "Raspberry Pi Pico 2 (RP2350, RISC-V cores)",
        .flash_bytes = 4 * MB, /* as pico2 */
        .flash_address = 0x10000000,
        .model_offset = 128 * KB,
        .ram_bytes = 520 * KB,
        .clock_hz = 150000000,
        .flash_bandwidth = 75e6 / 2,
        .flash_basis = "datasheet: 4 bits a clock of 75 MHz in one run",
        .core = &RV32,            /* RP2350 datasheet, 3.8 Hazard3 processor: RV32IMAC and more */
        .uf2_family = 0xE48BFF5A, /* RP2350 datasheet, 5.5.3 UF2 targeting: rp2350-riscv */
        .note = "no firmware of ours is built for these cores yet; the runtime compiles for them",
    },
    {
        .name = "esp32s3-n16r8",
        .title = "ESP32-S3 with 16 MB flash and 8 MB PSRAM (N16R8)",
        .flash_bytes = 16 * MB, /* ESP32-S3-WROOM-1 datasheet, table 1: N16R8, quad flash, octal PSRAM */
        .flash_address = 0,     /* mapped through the MMU, at no fixed place */
        .model_offset = 1 * MB, /* ours: bootloader, partition table and application before it */
        .ram_bytes = 341760,    /* ESP-IDF, esp_system/ld/esp32s3/memory.ld.in: dram0_0_seg; 512 KB in the chip */
        .psram_bytes = 8 * MB,  /* ESP32-S3-WROOM-1 datasheet, table 1: N16R8 */
        .clock_hz = 240000000,  /* ESP32-S3 datasheet, 4.1.1 CPU */
        /* Measured by others on such modules: mapped flash 29.9 MB/s (memovai/mimimodel, README); octal PSRAM at 80 MHz
         * 60.7 MB/s (slvDev/esp32-ai, RESULTS.md) and 72 MB/s from one core (Bellman281/esp32-tinyLLM,
         * BENCHMARKING.md); the lower one is here. Datasheet limits: 40 and 160 MB/s. */
        .flash_bandwidth = 29.9e6,
        .psram_bandwidth = 60.7e6,
        .flash_basis = "measured by others on such modules",
        .core = &XTENSA_S3,
    },
    {
        .name = "esp32s3-n8r2",
        .title = "ESP32-S3 with 8 MB flash and 2 MB PSRAM (N8R2)",
        .flash_bytes = 8 * MB, /* ESP32-S3-WROOM-1 datasheet, table 1: N8R2, quad flash, quad PSRAM */
        .model_offset = 1 * MB,
        .ram_bytes = 341760, /* as esp32s3-n16r8 */
        .psram_bytes = 2 * MB,
        .clock_hz = 240000000,
        .flash_bandwidth = 29.9e6, /* as esp32s3-n16r8: the same flash interface */
        .psram_bandwidth = 29.9e6, /* flash's: 4 lines at 80 MHz, too (ESP32-S3 datasheet, SPI0/1); not measured */
        .flash_basis = "measured by others on such modules",
        .core = &XTENSA_S3,
    },
    {
        .name = "esp32c3",
        .title = "ESP32-C3 with 4 MB flash",
        .flash_bytes = 4 * MB, /* ESP32-C3-MINI-1 datasheet, table 1: N4 */
        .model_offset = 1 * MB,
        .ram_bytes = 320 * KB,     /* ESP-IDF, esp_system/ld/esp32c3/memory.ld.in: dram0_0_seg; 400 KB in the chip */
        .clock_hz = 160000000,     /* ESP32-C3 datasheet, 3.1 CPU */
        .flash_bandwidth = 29.9e6, /* the S3's, whose flash interface is alike (4 lines, 80 MHz); not measured here */
        .flash_basis = "the ESP32-S3's, measured by others",
        .core = &RV32,
    },
    {
        .name = "esp8266",
        .title = "ESP8266 with 4 MB flash",
        .flash_bytes = 1 * MB,       /* what its cache maps at a time (ESP8266 Arduino core, doc/mmu.rst), of 4 MB */
        .flash_address = 0x40200000, /* the same */
        .model_offset = 320 * KB,    /* ours: room for a sketch without radio */
        .ram_bytes = 80 * KB,        /* ESP8266 wiki, Memory Map: dram0; about 50 KB with the radio on */
        .clock_hz = 80000000,        /* ESP8266EX datasheet, 3.1.1 CPU; 160 MHz is possible */
        .flash_bandwidth = 10e6, /* ESP8266EX datasheet, 3.2 External flash: 40 MHz; 2 lines (DIO), the usual mode */
        .flash_basis = "datasheet: 2 bits a clock of 40 MHz",
        .core = &XTENSA,
        .note = "reads flash in aligned words alone: give the runtime a copy in RAM or a read callback, not the flash",
    },
    {
        .name = "stm32f4-discovery",
        .title = "STM32F4 Discovery (STM32F407VG)",
        .flash_bytes = 1 * MB,       /* STM32F407 datasheet (DS8626), table 2 */
        .flash_address = 0x08000000, /* the same, 4 Memory mapping */
        .model_offset = 128 * KB,    /* ours: sectors 0 to 4 */
        .ram_bytes = 128 * KB,       /* the same, 2.2.9: SRAM1 and SRAM2 in one piece; 64 KB of CCM beside it */
        .clock_hz = 168000000,       /* the same, 2.2.1 */
        /* RM0090, 3.5.1: 128 bits a read, 5 wait states above 150 MHz. */
        .flash_bandwidth = 168e6 * 16 / 6,
        .flash_basis = "datasheet: 16 bytes in 6 cycles",
        .core = &ARM_DSP,
    },
    {
        .name = "stm32f7-discovery",
        .title = "STM32F7 Discovery (STM32F746NG)",
        .flash_bytes = 1 * MB,       /* STM32F746 datasheet (DS10916), table 2; 16 MB of QSPI flash beside it */
        .flash_address = 0x08000000, /* the same, 5 Memory mapping */
        .model_offset = 128 * KB,    /* ours: sectors 0 to 3 */
        .ram_bytes = 320 * KB,       /* the same, 2.4: DTCM, SRAM1 and SRAM2 in one piece */
        .clock_hz = 216000000,       /* the same, 2.1 */
        /* RM0385, 3.3.2: 256 bits a read, 7 wait states at 216 MHz. */
        .flash_bandwidth = 216e6 * 32 / 8,
        .flash_basis = "datasheet: 32 bytes in 8 cycles",
        .core = &ARM_DSP,
    },
    {
        .name = "nrf52840",
        .title = "nRF52840 (DK and dongle)",
        .flash_bytes = 1 * MB,    /* nRF52840 product specification, 4.2 Memory */
        .model_offset = 128 * KB, /* ours; address 0 is where the chip maps its flash */
        .ram_bytes = 256 * KB,    /* the same */
        .clock_hz = 64000000,     /* the same, 4.1 CPU */
        /* The same, 4.1.1: 2 wait states from flash without its cache, which keeps code alone. */
        .flash_bandwidth = 64e6 * 4 / 3,
        .flash_basis = "product specification: 4 bytes in 3 cycles",
        .core = &ARM_DSP,
    },
    {
        .name = "teensy41",
        .title = "Teensy 4.1 (i.MX RT1062)",
        .flash_bytes = 7936 * KB,     /* pjrc.com, Teensy 4.1, Specifications */
        .flash_address = 0x60000000,  /* i.MX RT1060 reference manual, 2.2: FlexSPI */
        .model_offset = 256 * KB,     /* ours: room for a sketch */
        .ram_bytes = 512 * KB,        /* pjrc.com, Memory: RAM1, tightly coupled; 512 KB more as RAM2 */
        .clock_hz = 600000000,        /* pjrc.com, Specifications */
        .flash_bandwidth = 133e6 / 2, /* Teensy core, bootdata.c: 133 MHz, 4 lines */
        .flash_basis = "Teensy core: 4 bits a clock of 133 MHz",
        .core = &ARM_DSP,
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
