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

_Static_assert((int)DB_OUTPUT_CHUNK <= (int)DB_LINEAR_SOFTMAX, "a chunk is one product");

size_t db_dense_scratch(uint32_t vocab, uint32_t hidden)
{
    const size_t fused = (db_linear_softmax_scratch(vocab, hidden) + sizeof(real) - 1) / sizeof(real);
    const size_t logits = (size_t)DB_OUTPUT_CHUNK * vocab;
    return logits > fused ? logits : fused;
}

static size_t chunk_length(size_t n, size_t at)
{
    return n - at < DB_OUTPUT_CHUNK ? n - at : DB_OUTPUT_CHUNK;
}

double db_dense_loss(const db_dense *layer, size_t n, const real *h, const uint16_t *targets, real *scratch,
                     float *nats)
{
    double sum = 0;
    for (size_t at = 0; at < n; at += DB_OUTPUT_CHUNK) {
        const size_t count = chunk_length(n, at);
        db_dense_logits(layer, count, h + at * layer->hidden, scratch);
        for (size_t i = 0; i < count; i++) {
            const double loss = db_softmax_loss(layer->vocab, scratch + i * layer->vocab, targets[at + i]);
            sum += loss;
            if (nats != NULL) {
                nats[at + i] = (float)loss;
            }
        }
    }
    return sum;
}

/* A chunk of db_dense_backward() by way of its logits. */
static double chunk_backward(const db_dense *layer, size_t count, const real *h, const uint16_t *targets, real scale,
                             real *logits, real *dh, real *dweight, real *dbias)
{
    const size_t vocab = layer->vocab;
    double sum = 0;
    db_dense_logits(layer, count, h, logits);
    for (size_t i = 0; i < count; i++) {
        sum += db_softmax_gradient(vocab, logits + i * vocab, targets[i], scale);
    }
    db_linear_backward_bias(count, vocab, logits, dbias);
    db_linear_backward_weight(layer->linear, count, logits, h, dweight);
    db_linear_backward_input(layer->linear, count, logits, dh);
    return sum;
}

double db_dense_backward(const db_dense *layer, size_t n, const real *h, const uint16_t *targets, real scale,
                         real *scratch, real *dh, real *dweight, real *dbias)
{
    double sum = 0, nats;
    for (size_t at = 0; at < n; at += DB_OUTPUT_CHUNK) {
        const size_t count = chunk_length(n, at);
        const real *chunk = h + at * layer->hidden;
        real *into = dh + at * layer->hidden;
        if (!db_linear_softmax(layer->linear, count, chunk, layer->bias, targets + at, scale, scratch, into, dweight,
                               dbias, &nats)) {
            nats = chunk_backward(layer, count, chunk, targets + at, scale, scratch, into, dweight, dbias);
        }
        sum += nats;
    }
    return sum;
}
