/*
 * Images in which each matrix has the bits that its bytes are worth: the loss that 4 bits of it cost is measured by the
 * integer runtime, and what is dearest a byte stays at 8.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_MIXED_H
#define DB_PACK_MIXED_H

#include "pack/knapsack.h"
#include "pack/pack.h"

/* Without a number of bytes: the image may lose this much over the one of 8 bits. */
#define DB_MIXED_ALLOWANCE 0.001

enum { DB_MIXED_TENSORS_MAX = DB_KNAPSACK_MAX };

typedef struct {
    const char *name;     /* of the tensor, the model's; the first of several that are one in an image */
    uint32_t bits;        /* chosen */
    size_t bytes8, saved; /* in an image at 8 bits, scales included; what 4 bits save of them */
    double cost;          /* nats a token that 4 bits of this matrix alone cost */
} db_mixed_tensor;

typedef struct {
    db_mixed_tensor tensors[DB_MIXED_TENSORS_MAX];
    size_t count;
    size_t tokens;                /* that were read to measure */
    size_t bytes8, bytes4, bytes; /* of the image at 8 bits, at 4 bits, and as chosen */
    double loss8, expected, loss; /* nats a token: at 8 bits; as chosen, if costs add up; as chosen, measured */
} db_mixed;

/* Told now and then. `done` of `total` images have been packed and read. */
typedef void db_mixed_progress(void *user, size_t done, size_t total);

typedef struct {
    size_t max_bytes; /* of the image; 0: the smallest that loses at most DB_MIXED_ALLOWANCE, as far as costs add up */
    uint32_t threads; /* 1..256; the result does not depend on how many */
    db_mixed_progress *progress; /* NULL: none */
    void *user;
} db_mixed_options;

/* As db_pack() with bits chosen matrix by matrix; options->bits and tensor_bits are not looked at. Costs are measured
 * on the same ids [count], or the model's calibration text; that should not be text that the model is judged by. The
 * choice depends on nothing else, so the same model, text and options make the same bytes. Returns 0, or -1 with the
 * error set: as db_pack(), or even 4 bits throughout need more than max_bytes. */
int db_pack_mixed(const db_model_dir *model, const uint16_t *ids, size_t count, const db_pack_options *options,
                  const db_mixed_options *mixed, db_mixed *report, void **image, size_t *bytes, db_error *error);

#endif
