/*
 * Memory for the host. A PC that cannot give a few hundred megabytes cannot train;
 * there is nothing sensible to unwind, so allocation either works or stops the
 * program through abort() with a line on stderr. Sizes that come from outside are
 * bounded by their readers before they get here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BASE_MEMORY_H
#define DB_BASE_MEMORY_H

#include <stddef.h>

/* 64-byte aligned, zeroed; freed with free(). Never returns NULL. */
void *db_allocate(size_t bytes);

/* Grows an array to at least `needed` elements, doubling; `*capacity` in elements.
 * `array` may be NULL with *capacity 0. Contents are kept. Never returns NULL. */
void *db_grow(void *array, size_t *capacity, size_t needed, size_t element_bytes);

/* A copy of a string, freed with free(). Never returns NULL. */
char *db_copy_string(const char *text);

#endif
