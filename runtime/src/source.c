/*
 * Bytes in memory, or behind a reader. What is behind a reader may have changed since the image was opened
 * (another card in the slot), so what it leads to is checked where it is used.
 *
 * SPDX-License-Identifier: MIT
 */
#include "source.h"

const void *dogberry_fetch_from(const dogberry_source *source, uint32_t offset, uint32_t bytes, void *room)
{
    const dogberry_reader *reader = source->reader;

    if (!dogberry_is_streamed(source))
        return source->bytes + offset;
    if (offset > reader->length || bytes > reader->length - offset)
        return NULL;
    return bytes == 0 || reader->read(reader->context, offset, bytes, room) == 0 ? room : NULL;
}

uint32_t dogberry_fit_from(const dogberry_window *window, uint32_t unit, uint32_t count)
{
    if (!dogberry_is_streamed(window->source) || window->bytes / unit >= count)
        return count;
    return window->bytes / unit;
}

int32_t dogberry_fetch_u16_from(const dogberry_source *source, uint32_t offset)
{
    uint16_t room;
    const uint16_t *number = dogberry_fetch_from(source, offset, 2, &room);

    return number == NULL ? DOGBERRY_ERR_READ : *number;
}
