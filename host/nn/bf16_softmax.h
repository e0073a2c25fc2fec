/*
 * An output layer's softmax, loss and gradients at half precision, fused: logits are never stored. What is stored,
 * rounded to bfloat16, is e = exp(logit - shift), with the logit of the target as the shift, in the two shapes that the
 * products backward want. Then the loss is the logarithm of a row's sum of e, the probabilities are e / sum, and the
 * division is left to what e is multiplied by or to the product.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_BF16_SOFTMAX_H
#define DB_NN_BF16_SOFTMAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t vocab, hidden;
    const float *weight, *bias; /* [vocab][hidden], [vocab] */
    const uint32_t *forward;    /* the weights as panels, to be summed over hidden */
    const uint32_t *backward;   /* the weights as panels, to be summed over vocab */
} db_bf16_output;

/* Returns the words of scratch for n positions, which is to be aligned to 64 bytes. */
size_t db_bf16_softmax_scratch(size_t n, size_t vocab, size_t hidden);

/* For h [n][hidden] and targets [n], each < vocab: the gradients of scale * loss. dh [n][hidden] is written, dweight
 * [vocab][hidden] and dbias [vocab] are added to; `*nats` is the sum of -ln p(target) without the scale.
 * Returns false, with dh undefined and nothing else touched, where a loss is above 60 nats or not a number: that is
 * beyond what this way can do. Needs db_bf16_available(). */
bool db_bf16_softmax_gradient(const db_bf16_output *output, size_t n, const float *h, const uint16_t *targets,
                              float scale, uint32_t *scratch, float *dh, float *dweight, float *dbias, double *nats);

#endif
