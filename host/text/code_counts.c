/* SPDX-License-Identifier: MIT */
#include "text/code_counts.h"

#include <stdlib.h>

#include "base/memory.h"
#include "text/utf8.h"

enum { CODES = 0x110000 };

static int commoner(const void *left, const void *right)
{
    const db_code_count *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->code > b->code) - (a->code < b->code);
}

void db_code_counts_sort(db_code_count *counts, size_t count)
{
    qsort(counts, count, sizeof *counts, commoner);
}

db_code_count *db_code_counts_make(const db_corpus *corpus, size_t *count)
{
    db_code_count *counts = db_allocate(CODES * sizeof *counts);
    for (size_t i = 0; i < corpus->count; i++) {
        const db_document *document = &corpus->documents[i];
        for (size_t at = 0, bytes; at < document->bytes; at += bytes) {
            uint32_t code = 0;
            bytes = db_utf8_decode(document->text + at, document->bytes - at, &code);
            bytes = bytes ? bytes : 1;
            counts[code].count++;
        }
    }
    *count = 0;
    for (uint32_t code = 1; code < CODES; code++)
        if (counts[code].count)
            counts[(*count)++] = (db_code_count){counts[code].count, code};
    db_code_counts_sort(counts, *count);
    return counts;
}
