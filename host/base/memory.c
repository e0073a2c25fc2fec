/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* madvise() */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Large arrays begin where a large page does. */
enum { ALIGNMENT = 64, LARGE_PAGE = 1 << 21 };

/* Products walk through megabytes in strides, and most of their misses are those of the page table: large pages have
 * hundreds of times fewer. A kernel without them is as slow as before. */
static void prefer_large_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

void *db_allocate(size_t bytes)
{
    size_t alignment = bytes < LARGE_PAGE ? ALIGNMENT : LARGE_PAGE;
    size_t rounded = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT; /* never zero */
    void *memory = NULL;
    if (rounded < bytes || posix_memalign(&memory, alignment, rounded) != 0) {
        fprintf(stderr, "dogberry: out of memory (%zu bytes wanted)\n", bytes);
        abort();
    }
    if (alignment == LARGE_PAGE) {
        prefer_large_pages(memory, rounded);
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
