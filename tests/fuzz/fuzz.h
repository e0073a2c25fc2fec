/*
 * What a fuzz target offers besides LLVMFuzzerTestOneInput: good inputs to start from, so
 * that replay.c can run it as a plain test, and write a starting corpus.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes seed number `index` into `data`. Returns its length, 0 when there are no more. */
size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity);

#endif
