/*
 * Runs the golden vectors of the images in memory, one behind the other, on a bare machine, with both sets of kernels.
 * Prints a dot for each image whose digests are the ones that the PC wrote in; stops at the first that is not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#include "machine.h"

enum { ARENA_WORDS = 512 };

int main(void)
{
    static uint64_t arena[ARENA_WORDS];

    for (const uint8_t *at = store_begin; at < store_end;) {
        dogberry_image image;
        int status = dogberry_open(&image, at, (size_t)(store_end - at));

        if (status == DOGBERRY_ERR_MAGIC)
            return 0; /* behind the last one */
        if (status != DOGBERRY_OK || image.golden.tokens == 0 ||
            dogberry_verify(&image, arena, sizeof arena) != DOGBERRY_OK)
            return 1;
        image.kernels = &dogberry_kernels_ref; /* the core's own were the first */
        if (dogberry_verify(&image, arena, sizeof arena) != DOGBERRY_OK)
            return 1;
        machine_put(".", 1);
        at += image.length;
    }
    return 0;
}
