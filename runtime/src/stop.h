/*
 * Stop strings, looked for in the text as it is printed, across the ends of tokens.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_STOP_H
#define DOGBERRY_STOP_H

#include "dogberry.h"

/* What a stop string may yet begin with. */
typedef struct {
    char held[DOGBERRY_STOP_MAX]; /* not NUL-terminated */
    uint8_t bytes;                /* below DOGBERRY_STOP_MAX */
    uint8_t stopped;              /* one has come */
} dogberry_stop;

/* `text` [length] is what was held and what is new. Where a stop string ends in it, sets `stopped` and cuts the
 * text before the one that ends first (of those the longest), so that it does not matter how the text was cut into
 * tokens. Else holds back its longest end that some stop string begins with.
 * Returns the length of what may be printed. */
size_t dogberry_stop_scan(dogberry_stop *stop, const char *const *strings, uint32_t count, const char *text,
                          size_t length);

/* Whether each string has 1 .. DOGBERRY_STOP_MAX bytes. */
int dogberry_stops_are_valid(const char *const *strings, uint32_t count);

#endif
