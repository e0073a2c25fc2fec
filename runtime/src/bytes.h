/*
 * Little-endian numbers of headers and records, on machines of either byte order. They stand where their size
 * divides the address (docs/FORMAT.md), which lets a compiler make one load of the bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_BYTES_H
#define DOGBERRY_BYTES_H

#include <stdint.h>

__attribute__((always_inline)) static inline uint16_t dogberry_le16(const uint8_t *p)
{
    p = __builtin_assume_aligned(p, 2);
    return (uint16_t)(p[0] | (uint32_t)p[1] << 8);
}

__attribute__((always_inline)) static inline uint32_t dogberry_le32(const uint8_t *p)
{
    p = __builtin_assume_aligned(p, 4);
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
