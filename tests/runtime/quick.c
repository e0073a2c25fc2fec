/*
 * Two of the runtime's functions done quicker on a PC, for programs that open millions of images: the same checksum
 * eight bytes at a time, and what the processor has without asking it every time (in a virtual machine cpuid takes
 * microseconds). Linked into a program they come before the library's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#if defined(__x86_64__)
#include "../../runtime/kernels/x86/x86.h"

int dogberry_x86_has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

int dogberry_x86_has_avx512_vnni(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

/* tables[k][b]: what byte b becomes with k zero bytes behind it. */
static void make_tables(uint32_t tables[8][256])
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 64; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
            if (bit % 8 == 7)
                tables[bit / 8][byte] = crc;
        }
    }
}

/* "Slicing by 8": Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC
 * Generators", 2005. */
uint32_t dogberry_crc32(uint32_t crc, const void *bytes, size_t length)
{
    static uint32_t t[8][256];
    const uint8_t *p = bytes;

    if (t[0][1] == 0)
        make_tables(t);
    crc = ~crc;
    for (; length >= 8; length -= 8, p += 8) {
        uint32_t low = crc ^ (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);

        crc = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^ t[4][low >> 24] ^ t[3][p[4]] ^
              t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
    }
    for (; length > 0; length--, p++)
        crc = crc >> 8 ^ t[0][(crc ^ *p) & 255];
    return ~crc;
}
