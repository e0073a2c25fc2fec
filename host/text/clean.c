/* Line ends, byte order mark, invalid bytes.
 * SPDX-License-Identifier: MIT */
#include "text/clean.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"
#define REPLACEMENT "\xEF\xBF\xBD"

bool db_text_is_binary(const char *bytes, size_t length)
{
    return length > 0 && memchr(bytes, 0, length) != NULL;
}

static size_t mark_length(const char *bytes, size_t length)
{
    return length >= 3 && memcmp(bytes, BYTE_ORDER_MARK, 3) == 0 ? 3 : 0;
}

bool db_text_is_blank(const char *text, size_t length)
{
    for (size_t i = mark_length(text, length); i < length; i++)
        if (!strchr(" \t\n\r\v\f", text[i]) || text[i] == 0)
            return false;
    return true;
}

static size_t count_bad_bytes(const char *bytes, size_t length)
{
    size_t bad = 0;
    for (size_t at = db_utf8_check(bytes, length); at < length;
         at += 1 + db_utf8_check(bytes + at + 1, length - at - 1))
        bad++;
    return bad;
}

static int refuse(const char *path, const char *bytes, size_t bad, db_error *error)
{
    return db_fail(error,
                   "%s: byte 0x%02X at offset %zu is not UTF-8; convert the file (for example: iconv -f WINDOWS-1252 "
                   "-t UTF-8), or let bad bytes be replaced with --lossy",
                   path, (unsigned)(unsigned char)bytes[bad], bad);
}

int db_text_clean(const char *path, const char *bytes, size_t length, bool lossy, char **text, size_t *text_length,
                  db_error *error)
{
    size_t bad = db_utf8_check(bytes, length);
    if (bad < length && !lossy)
        return refuse(path, bytes, bad, error);
    size_t growth = bad < length ? 2 * count_bad_bytes(bytes, length) : 0;
    char *out = db_allocate(length + growth + 1);
    size_t used = 0;
    for (size_t at = mark_length(bytes, length); at < length;) {
        if (at == bad) {
            memcpy(out + used, REPLACEMENT, 3);
            used += 3;
            at++;
            bad = at + db_utf8_check(bytes + at, length - at);
        } else if (bytes[at] == '\r') {
            out[used++] = '\n';
            at += at + 1 < length && bytes[at + 1] == '\n' ? 2 : 1;
        } else {
            out[used++] = bytes[at++];
        }
    }
    out[used] = 0;
    *text = out;
    *text_length = used;
    return 0;
}
