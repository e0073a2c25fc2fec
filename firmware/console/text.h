/*
 * Numbers and text for a console, without printf.
 * SPDX-License-Identifier: MIT
 */
#ifndef CONSOLE_TEXT_H
#define CONSOLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where text goes. Waits while the other side is slow; must not fail. */
typedef void (*console_write)(const char *bytes, size_t length);

/* Writes text up to its NUL; every line break goes out as carriage return and line feed. */
void text_put(console_write write, const char *text);

/* Writes a number in decimal; in tenths ("63" as "6.3"); in thousandths without trailing zeros ("800" as
 * "0.8"); as eight hexadecimal digits. */
void text_put_number(console_write write, uint32_t number);
void text_put_tenths(console_write write, uint32_t tenths);
void text_put_thousandths(console_write write, uint32_t thousandths);
void text_put_hex(console_write write, uint32_t number);

/* Reads a whole decimal number with up to `decimals` digits behind a point, scaled by 10^decimals.
 * Spaces around it are skipped. Returns whether text is such a number, below 2^32; else *value is not set. */
bool text_number(const char *text, unsigned decimals, uint32_t *value);

#endif
