/*
 * Where the models are: a partition mapped into memory, a copy of it in PSRAM, or the app itself.
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_H
#define STORE_H

#include <stdint.h>

struct store {
    const void *bytes; /* aligned to DOGBERRY_IMAGE_ALIGNMENT; NULL: there is none */
    uint32_t length;
    uint32_t offset;   /* from the start of flash */
    const char *where; /* for people */
};

/* Finds the models and copies them to PSRAM where that is wanted and they fit. Call once. */
struct store store_open(void);

#endif
