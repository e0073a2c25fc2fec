/*
 * SPDX-License-Identifier: MIT
 */
#include "utf8.h"

uint32_t dogberry_utf8_read(const char *text, size_t left, uint32_t *used)
{
    static const uint32_t smallest[5] = {0, 0, 0x80u, 0x800u, 0x10000u};
    uint32_t lead = (uint8_t)text[0], count, point;

    *used = 1;
    if (lead < 0x80u)
        return lead;
    count = lead >= 0xF0u ? 4u : lead >= 0xE0u ? 3u : 2u;
    if (lead < 0xC2u || lead > 0xF4u || count > left)
        return DOGBERRY_INVALID;
    point = lead & (0x7Fu >> count);
    for (uint32_t i = 1; i < count; i++) {
        uint32_t next = (uint8_t)text[i];

        if ((next & 0xC0u) != 0x80u)
            return DOGBERRY_INVALID;
        point = point << 6 | (next & 0x3Fu);
    }
    if (point < smallest[count] || point > 0x10FFFFu || (point >= 0xD800u && point <= 0xDFFFu))
        return DOGBERRY_INVALID;
    *used = count;
    return point;
}

uint32_t dogberry_utf8_write(char bytes[4], uint32_t point)
{
    uint32_t count = point < 0x80u ? 1u : point < 0x800u ? 2u : point < 0x10000u ? 3u : 4u;

    if (count == 1u) {
        bytes[0] = (char)point;
        return 1u;
    }
    for (uint32_t i = count - 1u; i > 0; i--) {
        bytes[i] = (char)(0x80u | (point & 0x3Fu));
        point >>= 6;
    }
    bytes[0] = (char)((0xF00u >> count & 0xFFu) | point);
    return count;
}

int dogberry_utf8_valid(const char *text, size_t length)
{
    uint32_t used;

    for (size_t at = 0; at < length; at += used) {
        if (dogberry_utf8_read(text + at, length - at, &used) == DOGBERRY_INVALID)
            return 0;
    }
    return 1;
}
