/*
 * A WebAssembly module: memory is exported, printing imported.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "../talk.h"

enum { REGION_BYTES = 4 * 1024 * 1024 };

static _Alignas(16) uint8_t region[REGION_BYTES];

/* Where the image is to be written, and how long it may be. */
__attribute__((export_name("region"))) void *image_region(void)
{
    return region;
}

__attribute__((export_name("run"))) int run(void)
{
    return talk(region, REGION_BYTES, NULL);
}
