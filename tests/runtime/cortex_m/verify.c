/*
 * Runs the golden vectors of built-in images on a bare Cortex-M in QEMU, with both sets of kernels, and exits, by
 * semihosting, with success only if every digest is the one that the PC wrote in.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"

/* images.S: one after another, each aligned to 16. */
extern const uint8_t images_begin[], images_end[];
extern uint32_t stack_top[];

enum { SYS_EXIT = 0x18, EXIT_SUCCESS_CODE = 0x20026, EXIT_FAILURE_CODE = 0x20024, ARENA_WORDS = 512 };

static void finish(int good)
{
    register uint32_t operation __asm__("r0") = SYS_EXIT;
    register uint32_t reason __asm__("r1") = good ? EXIT_SUCCESS_CODE : EXIT_FAILURE_CODE;

    __asm__ volatile("bkpt 0xAB" : : "r"(operation), "r"(reason) : "memory");
    for (;;) {
    }
}

static void start(void)
{
    static uint64_t arena[ARENA_WORDS];
    uint32_t verified = 0;

    for (const uint8_t *at = images_begin; at < images_end;) {
        dogberry_image image;

        if (dogberry_open(&image, at, (size_t)(images_end - at)) != DOGBERRY_OK || image.golden.tokens == 0 ||
            dogberry_verify(&image, arena, sizeof arena) != DOGBERRY_OK)
            finish(0);
        image.kernels = &dogberry_kernels_ref; /* the core's own were the first */
        if (dogberry_verify(&image, arena, sizeof arena) != DOGBERRY_OK)
            finish(0);
        at += image.length;
        verified++;
    }
    finish(verified > 0);
}

static void fault(void)
{
    finish(0);
}

__attribute__((section(".vectors"), used)) static void *const vectors[] = {stack_top, (void *)start, (void *)fault,
                                                                           (void *)fault};
