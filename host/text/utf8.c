/* Checked decoding by hand; the shortest-form rule is one comparison a length.
 * SPDX-License-Identifier: MIT */
#include "text/utf8.h"

size_t db_utf8_decode(const char *text, size_t length, uint32_t *code)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0)
        return 0;
    uint32_t value = (unsigned char)text[0];
    if (value < 0x80) {
        *code = value;
        return 1;
    }
    size_t bytes = value >= 0xF0 ? 4 : value >= 0xE0 ? 3 : 2;
    if (value < 0xC2 || value > 0xF4 || bytes > length)
        return 0;
    value &= 0x7Fu >> bytes;
    for (size_t i = 1; i < bytes; i++) {
        uint32_t next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < smallest[bytes] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 0;
    *code = value;
    return bytes;
}

size_t db_utf8_encode(uint32_t code, char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    size_t count = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)((0xF00u >> count & 0xF0) | code);
    return count;
}

size_t db_utf8_check(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint32_t code;
        size_t bytes = db_utf8_decode(text + at, length - at, &code);
        if (bytes == 0)
            return at;
        at += bytes;
    }
    return length;
}

size_t db_utf8_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}
