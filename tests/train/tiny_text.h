/*
 * A small text to train on in tests: short documents over a vocabulary of 20, with enough order
 * in them that a model can learn something.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TINY_TEXT_H
#define TINY_TEXT_H

#include "base/random.h"
#include "train/batches.h"

enum { TINY_VOCAB = 20, TINY_END = 1, TINY_COUNT = 1200 };

/* Fills ids [count]: each document counts up or down from a random token, 5 to 30 tokens. */
static inline db_sequence tiny_text(uint16_t *ids, size_t count, uint64_t seed)
{
    db_random random;
    db_random_seed(&random, seed);
    size_t left = 0, token = 0, step = 1;
    for (size_t i = 0; i < count; i++) {
        if (left == 0) {
            left = 5 + db_random_below(&random, 26);
            token = db_random_below(&random, TINY_VOCAB - 2);
            step = db_random_below(&random, 2) == 0 ? 1 : TINY_VOCAB - 3;
            ids[i] = TINY_END;
        } else {
            ids[i] = (uint16_t)(2 + token);
            token = (token + step) % (TINY_VOCAB - 2);
            left--;
        }
    }
    ids[count - 1] = TINY_END;
    return (db_sequence){ids, count, TINY_END, TINY_END};
}

#endif
