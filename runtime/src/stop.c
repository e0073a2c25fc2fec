/*
 * Stop strings.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stop.h"
#include "seam.h"

static size_t length_of(const char *string)
{
    size_t length = 0;

    while (length <= DOGBERRY_STOP_MAX && string[length] != '\0')
        length++;
    return length;
}

int dogberry_stops_are_valid(const char *const *strings, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strings[i] == NULL || strings[i][0] == '\0' || length_of(strings[i]) > DOGBERRY_STOP_MAX)
            return 0;
    }
    return 1;
}

/* The longest stop string that ends where the text does. Returns its length, 0 for none. */
static size_t ended_by(const char *const *strings, uint32_t count, const char *text, size_t length)
{
    size_t longest = 0;

    for (uint32_t i = 0; i < count; i++) {
        size_t bytes = length_of(strings[i]);

        if (bytes > longest && bytes <= length && dogberry_compare(text + length - bytes, strings[i], bytes) == 0)
            longest = bytes;
    }
    return longest;
}

/* Whether a stop string begins with the text and goes on. */
static int begins_one(const char *const *strings, uint32_t count, const char *text, size_t length)
{
    for (uint32_t i = 0; i < count; i++) {
        if (length < length_of(strings[i]) && dogberry_compare(text, strings[i], length) == 0)
            return 1;
    }
    return 0;
}

size_t dogberry_stop_scan(dogberry_stop *stop, const char *const *strings, uint32_t count, const char *text,
                          size_t length)
{
    size_t at = 0;

    stop->bytes = 0;
    for (size_t end = 1; end <= length; end++) {
        size_t found = ended_by(strings, count, text, end);

        if (found > 0) {
            stop->stopped = 1;
            return end - found;
        }
    }
    while (at < length && !begins_one(strings, count, text + at, length - at))
        at++;
    stop->bytes = (uint8_t)(length - at);
    dogberry_copy(stop->held, text + at, length - at);
    return at;
}
