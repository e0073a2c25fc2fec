/*
 * The loss of an image on a text, by the integer runtime itself.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_SCORE_H
#define DB_PACK_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dogberry.h"

/* Sums -ln p over ids [count], where p is the softmax of the runtime's int16 logits (class-factored output: of the
 * classes' times of the class's tokens'), computed in double: every document (closed by the image's end token) from a
 * reset session, every token a target. Documents are spread over `threads` (1..256) threads; the result does not depend
 * on how many. token_nats [count] or NULL: each token's loss Returns 0 with *nats set, or -1 with the error set: an id
 * outside the vocabulary. */
int db_score_image(const dogberry_image *image, const uint16_t *ids, size_t count, uint32_t threads, double *nats,
                   float *token_nats, db_error *error);

#endif
