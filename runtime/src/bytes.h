/*
 * Little-endian numbers at any address, byte by byte: for headers and records, whose
 * alignment is not worth relying on. Tensors are read through typed pointers instead.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_BYTES_H
#define DOGBERRY_BYTES_H

#include <stdint.h>

static inline uint16_t dogberry_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (uint32_t)p[1] << 8);
}

static inline uint32_t dogberry_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
