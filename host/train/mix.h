/*
 * A new text mixed with an old one, so that a model learns the new without forgetting the old (replay, also
 * called rehearsal: Robins, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal", 1995).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_MIX_H
#define DB_TRAIN_MIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "train/batches.h"

typedef struct {
    uint16_t *ids; /* whole documents of both texts */
    size_t count;
    size_t base, persona; /* tokens of each, repeats counted; base + persona = count */
} db_mix;

/* Places the documents of both texts one after another, in their order, so that at any point the share of base tokens
 * is as near to `share` as whole documents allow. Every document comes up at least once; the text that runs out
 * starts again.
 *   base, persona   same end_token; every document closed by it
 *   share           of base tokens, 0..0.99; 0: the persona alone, `base` is not looked at
 * `mix` is overwritten; the caller frees it with db_mix_free().
 * Returns 0, or -1 with the error set (a text is empty, the share is out of range or would make the array too long). */
int db_mix_make(db_mix *mix, const db_sequence *base, const db_sequence *persona, double share, db_error *error);

void db_mix_free(db_mix *mix);

#endif
