/*
 * Where things are on the board.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_BOARD_H
#define FIRMWARE_BOARD_H

#include <stdint.h>
#include "pico.h"

#if PICO_RP2040
#define FIRMWARE_CHIP "RP2040"
#else
#define FIRMWARE_CHIP "RP2350"
#endif

#define FIRMWARE_MODEL_OFFSET (128u * 1024u) /* of the image, from the start of flash; held by linker/ */
#define FIRMWARE_ARENA_BYTES                                                                \
    (220u * 1024u) /* for the session: nearly all RAM that is left; the linker refuses more \
                    */

/* What a host program finds in the first 4 KB of the binary, on a 4-byte boundary: little-endian words. */
struct firmware_info {
    uint32_t magic;        /* "DOGF" */
    uint32_t version;      /* 1 */
    uint32_t model_offset; /* where the image goes, from the start of flash */
    uint32_t flash_bytes;  /* of the firmware alone */
    uint32_t ram_bytes;    /* static: vectors, data, bss, the arena in it; the stack not in it */
    uint32_t arena_bytes;
    uint32_t stack_bytes;
    uint32_t reserved; /* 0 */
};

#define FIRMWARE_INFO_MAGIC 0x46474F44u
#define FIRMWARE_INFO_VERSION 1u

extern const struct firmware_info firmware_info;

#endif
