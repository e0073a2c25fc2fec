/*
 * The second core: takes one product of a matrix and a vector, or half of some other work, at a time.
 *
 * For products its code, its stack and what it is told lie in SRAM, so that it may work while flash cannot be read in
 * place. It has no interrupts.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_CORE1_H
#define FIRMWARE_CORE1_H

#include <dogberry.h>
#include <stdbool.h>

/* Rows of a matrix: what a kernel of dogberry_kernels is called with. Or, with terms, columns of one: what those of
 * dogberry_transformer_kernels are. */
struct product {
    int32_t *out;
    const void *weights;
    const uint8_t *group_scales; /* 4 bits, else NULL */
    uint32_t width;              /* 8 bits: stride, 4 bits: columns; with terms: stride */
    uint32_t count;              /* 8 bits: rows, 4 bits: blocks; with terms: blocks */
    const int8_t *x;
    const uint32_t *terms; /* else NULL */
    uint32_t term_count;
};

/* Work on items: what share() of dogberry_kernels is called with. */
typedef void core1_work(void *context, uint32_t first, uint32_t items, uint32_t part);

/* Starts the core, which will use these kernels (copied). Returns whether it answered; without it core1_ready() is
 * false for ever. */
bool core1_start(const dogberry_kernels *kernels);

/* Whether the core runs and has nothing to do. */
bool core1_ready(void);

/* Hands it a product, which is copied. Only while core1_ready(). */
void core1_post(const struct product *product);

/* Waits until the work is done. Returns true; or false where the core does not answer: it is off then for
 * good, and the work is the caller's to do. */
bool core1_wait(void);

/* Does the first half of the items on the calling core and the others on core 1, or all here where that is not ready.
 * The code of `work` may lie in flash: not while that is being streamed. */
void core1_share(core1_work *work, void *context, uint32_t count);

/* Runs a product on the calling core. */
void product_run(const dogberry_kernels *kernels, const struct product *product);

#endif
