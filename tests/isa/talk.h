/*
 * What is run on every machine: an image opens, reproduces its golden vector, and says what it says to one prompt and
 * seed; small ones once more through a reader instead of memory, the same.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_ISA_TALK_H
#define TESTS_ISA_TALK_H

#include <stddef.h>

/* Runs the image in `length` bytes at `image` (aligned to 16; the region may be longer than the image) with the
 * kernels of that name, or the best where it is NULL, and puts out one line: "digest XXXXXXXX logits XXXXXXXX
 * tokens N golden ok kernels NAME" (of the drawn tokens; of all scores before each), or what went wrong. Returns 0, or
 * 1 where something did. */
int talk(const void *image, size_t length, const char *kernels);

/* Each machine's own: prints. */
void talk_put(const char *text, size_t length);

#endif
