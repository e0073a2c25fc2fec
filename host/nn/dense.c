/*
 * The plain output layer, forward and backward.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/dense.h"

#include "nn/softmax.h"

void db_dense_logits(const db_dense *layer, size_t n, const real *h, real *logits)
{
    db_linear_forward(layer->linear, n, h, layer->bias, logits);
}

static size_t chunk_length(size_t n, size_t at)
{
    return n - at < DB_OUTPUT_CHUNK ? n - at : DB_OUTPUT_CHUNK;
}

double db_dense_loss(const db_dense *layer, size_t n, const real *h, const uint16_t *targets, real *logits, float *nats)
{
    double sum = 0;
    for (size_t at = 0; at < n; at += DB_OUTPUT_CHUNK) {
        const size_t count = chunk_length(n, at);
        db_dense_logits(layer, count, h + at * layer->hidden, logits);
        for (size_t i = 0; i < count; i++) {
            const double loss = db_softmax_loss(layer->vocab, logits + i * layer->vocab, targets[at + i]);
            sum += loss;
            if (nats != NULL) {
                nats[at + i] = (float)loss;
            }
        }
    }
    return sum;
}

double db_dense_backward(const db_dense *layer, size_t n, const real *h, const uint16_t *targets, real scale,
                         real *logits, real *dh, real *dweight, real *dbias)
{
    const uint32_t vocab = layer->vocab, hidden = layer->hidden;
    double sum = 0;
    for (size_t at = 0; at < n; at += DB_OUTPUT_CHUNK) {
        const size_t count = chunk_length(n, at);
        const real *chunk = h + at * hidden;
        db_dense_logits(layer, count, chunk, logits);
        for (size_t i = 0; i < count; i++) {
            sum += db_softmax_gradient(vocab, logits + i * vocab, targets[at + i], scale);
        }
        db_linear_backward_bias(count, vocab, logits, dbias);
        db_linear_backward_weight(layer->linear, count, logits, chunk, dweight);
        db_linear_backward_input(layer->linear, count, logits, dh + at * hidden);
    }
    return sum;
}
