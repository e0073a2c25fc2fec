/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

void *db_allocate(size_t bytes)
{
    size_t rounded = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT; /* never zero */
    void *memory = rounded > bytes ? aligned_alloc(ALIGNMENT, rounded) : NULL;
    if (!memory) {
        fprintf(stderr, "dogberry: out of memory (%zu bytes wanted)\n", bytes);
        abort();
    }
    memset(memory, 0, rounded);
    return memory;
}

void *db_grow(void *array, size_t *capacity, size_t needed, size_t element_bytes)
{
    if (needed <= *capacity)
        return array;
    size_t larger = *capacity ? *capacity : 16;
    while (larger < needed)
        larger *= 2;
    void *memory = db_allocate(larger * element_bytes);
    if (array)
        memcpy(memory, array, *capacity * element_bytes);
    free(array);
    *capacity = larger;
    return memory;
}

char *db_copy_string(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(db_allocate(bytes), text, bytes);
}
