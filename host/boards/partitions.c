/* SPDX-License-Identifier: MIT */
#include "boards/partitions.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { NAME = 0, OFFSET = 3, SIZE = 4, FIELDS = 5, FIELD_BYTES = 64 };

/* One field of a line, without the blanks around it; too long ones are cut. */
static const char *take_field(char *field, const char *at, const char *end)
{
    const char *comma = memchr(at, ',', (size_t)(end - at)), *last = comma ? comma : end;
    while (at < last && (*at == ' ' || *at == '\t'))
        at++;
    while (last > at && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r'))
        last--;
    size_t length = (size_t)(last - at) < FIELD_BYTES - 1 ? (size_t)(last - at) : FIELD_BYTES - 1;
    memcpy(field, at, length);
    field[length] = 0;
    return comma ? comma + 1 : end;
}

static bool parse_bytes(uint32_t *bytes, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (end == text || text[0] == '-' || errno)
        return false;
    if (*end == 'K' || *end == 'M')
        value *= *end++ == 'K' ? 1024u : 1024u * 1024u;
    *bytes = (uint32_t)value;
    return *end == 0 && value <= UINT32_MAX;
}

int db_partition_find(db_partition *partition, const char *path, const char *name, db_error *error)
{
    void *bytes;
    size_t length;
    if (db_file_read(path, &bytes, &length, error))
        return -1;
    const char *text = bytes, *end = text + length;
    int status = 1;
    while (text < end && status > 0) {
        const char *newline = memchr(text, '\n', (size_t)(end - text)), *line_end = newline ? newline : end;
        char field[FIELDS][FIELD_BYTES];
        for (int i = 0; i < FIELDS; i++)
            text = take_field(field[i], text, line_end);
        text = newline ? newline + 1 : end;
        if (strcmp(field[NAME], name) != 0)
            continue;
        status = 0;
        if (!parse_bytes(&partition->offset, field[OFFSET]) || !parse_bytes(&partition->bytes, field[SIZE]))
            status =
                db_fail(error, "%s: partition %s has no offset and size written out; write them there", path, name);
    }
    free(bytes);
    return status > 0
               ? db_fail(error, "%s: there is no partition %s; give a partition table with a line \"%s, data, ...\"",
                         path, name, name)
               : status;
}
