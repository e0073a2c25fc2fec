/*
 * Numbers and text.
 * SPDX-License-Identifier: MIT
 */
#include "text.h"

void text_put(console_write write, const char *text)
{
    const char *from = text;

    for (; *text; text++) {
        if (*text != '\n')
            continue;
        write(from, (size_t)(text - from));
        write("\r\n", 2);
        from = text + 1;
    }
    write(from, (size_t)(text - from));
}

void text_put_number(console_write write, uint32_t number)
{
    char digits[10];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    write(digits + at, sizeof digits - at);
}

void text_put_tenths(console_write write, uint32_t tenths)
{
    char fraction[2] = {'.', (char)('0' + tenths % 10)};

    text_put_number(write, tenths / 10);
    write(fraction, sizeof fraction);
}

void text_put_thousandths(console_write write, uint32_t thousandths)
{
    uint32_t rest = thousandths % 1000;
    char fraction[4] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    size_t length = sizeof fraction;

    text_put_number(write, thousandths / 1000);
    while (length > 1 && fraction[length - 1] == '0')
        length--;
    if (length > 1)
        write(fraction, length);
}

void text_put_hex(console_write write, uint32_t number)
{
    char digits[8];

    for (size_t i = 0; i < sizeof digits; i++, number <<= 4)
        digits[i] = "0123456789abcdef"[number >> 28];
    write(digits, sizeof digits);
}

bool text_number(const char *text, unsigned decimals, uint32_t *value)
{
    uint64_t number = 0;
    unsigned digits = 0;
    bool point = false;

    while (*text == ' ')
        text++;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point && decimals > 0); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        if (point && decimals-- == 0)
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
        digits++;
        if (number > UINT32_MAX)
            return false;
    }
    while (*text == ' ')
        text++;
    while (decimals-- > 0 && number <= UINT32_MAX)
        number *= 10;
    if (*text || digits == 0 || number > UINT32_MAX)
        return false;
    *value = (uint32_t)number;
    return true;
}
