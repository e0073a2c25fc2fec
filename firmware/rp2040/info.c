/*
 * The info block: how large the firmware is and where it expects the model.
 * SPDX-License-Identifier: MIT
 */
#include "board.h"

/* Absolute symbols from linker/section_extra_post_end.incl: their addresses are the values. */
extern const char firmware_flash_bytes[], firmware_ram_bytes[];

/* .embedded_block is what the SDK's linker script puts right after the vector table. */
__attribute__((section(".embedded_block"), used)) const struct firmware_info firmware_info = {
    .magic = FIRMWARE_INFO_MAGIC,
    .version = FIRMWARE_INFO_VERSION,
    .model_offset = FIRMWARE_MODEL_OFFSET,
    .flash_bytes = (uint32_t)firmware_flash_bytes,
    .ram_bytes = (uint32_t)firmware_ram_bytes,
    .arena_bytes = FIRMWARE_ARENA_BYTES,
    .stack_bytes = PICO_STACK_SIZE,
    .reserved = 0,
};
