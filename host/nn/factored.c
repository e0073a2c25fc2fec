/*
 * The class-factored output layer, forward and backward. Positions are sorted by their targets' classes,
 * so that each class is one small matrix product.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/factored.h"

#include <math.h>
#include <string.h>

#include "nn/softmax.h"

uint32_t db_factored_start(uint32_t vocab, uint32_t classes, uint32_t c)
{
    return (uint32_t)((uint64_t)vocab * c / classes);
}

int db_factored_places(uint32_t vocab, const real *order, uint16_t *places, db_error *error)
{
    memset(places, 0xFF, vocab * sizeof *places);
    for (uint32_t i = 0; i < vocab; i++) {
        const real token = order[i];
        if (!(token >= 0 && token < (real)vocab && token == (real)(uint32_t)token) ||
            places[(uint32_t)token] != UINT16_MAX) {
            return db_fail(error, "output.order: place %u holds %g, which is no token or is there twice", i,
                           (double)token);
        }
        places[(uint32_t)token] = (uint16_t)i;
    }
    return 0;
}

static size_t widest_class(uint32_t vocab, uint32_t classes)
{
    return (vocab + classes - 1) / classes;
}

size_t db_factored_scratch(uint32_t vocab, uint32_t hidden, uint32_t classes, size_t n)
{
    /* Class logits or a class's word logits; h and dh of a class; an index of positions. */
    const size_t width = classes > widest_class(vocab, classes) ? classes : widest_class(vocab, classes);
    const size_t words = n * (width + 2 * (size_t)hidden + 1);
    return words > vocab + classes ? words : vocab + classes;
}

/* The positions whose targets are in one class, gathered. */
typedef struct {
    uint32_t start, size; /* places of the class */
    size_t count;         /* positions */
    uint32_t *positions;  /* [count] */
    real *h, *dh;         /* [count][H] */
    real *logits;         /* [count][size] */
} group;

static uint32_t class_of(const db_factored *layer, uint16_t place)
{
    /* The largest c whose start is not beyond the place. */
    return (uint32_t)((((uint64_t)place + 1) * layer->classes - 1) / layer->vocab);
}

/* Gathers the positions of class c; their number may be 0. */
static group gather(const db_factored *layer, uint32_t c, size_t n, const real *h, const uint16_t *targets)
{
    group g = {.start = db_factored_start(layer->vocab, layer->classes, c)};
    g.size = db_factored_start(layer->vocab, layer->classes, c + 1) - g.start;
    g.h = layer->scratch;
    g.dh = g.h + n * layer->hidden;
    g.positions = (uint32_t *)(void *)(g.dh + n * layer->hidden);
    g.logits = g.dh + n * layer->hidden + n;
    for (size_t i = 0; i < n; i++) {
        if (class_of(layer, layer->places[targets[i]]) == c) {
            memcpy(g.h + g.count * layer->hidden, h + i * layer->hidden, layer->hidden * sizeof *h);
            g.positions[g.count++] = (uint32_t)i;
        }
    }
    return g;
}

/* The class's rows as a linear map of their own. */
static db_linear rows_of(const db_factored *layer, const group *g)
{
    db_linear linear;
    db_linear_make(&linear, g->size, layer->hidden, 0, NULL);
    db_linear_load(&linear, layer->weight + (size_t)g->start * layer->hidden, true);
    return linear;
}

static void word_logits(const db_factored *layer, const group *g)
{
    const db_linear linear = rows_of(layer, g);
    db_linear_forward(&linear, g->count, g->h, layer->bias + g->start, g->logits);
}

double db_factored_loss(const db_factored *layer, size_t n, const real *h, const uint16_t *targets, float *nats)
{
    double sum = 0;
    db_linear_forward(layer->class_linear, n, h, layer->class_bias, layer->scratch);
    for (size_t i = 0; i < n; i++) {
        const uint32_t c = class_of(layer, layer->places[targets[i]]);
        const double loss = db_softmax_loss(layer->classes, layer->scratch + i * layer->classes, c);
        sum += loss;
        if (nats != NULL) {
            nats[i] = (float)loss;
        }
    }
    for (uint32_t c = 0; c < layer->classes; c++) {
        const group g = gather(layer, c, n, h, targets);
        if (g.count == 0) {
            continue;
        }
        word_logits(layer, &g);
        for (size_t k = 0; k < g.count; k++) {
            const uint32_t i = g.positions[k];
            const double loss = db_softmax_loss(g.size, g.logits + k * g.size, layer->places[targets[i]] - g.start);
            sum += loss;
            if (nats != NULL) {
                nats[i] += (float)loss;
            }
        }
    }
    return sum;
}

static double class_backward(const db_factored *layer, size_t n, const real *h, const uint16_t *targets, real scale,
                             real *dh, const db_factored_gradient *gradient)
{
    double sum = 0;
    real *logits = layer->scratch;
    db_linear_forward(layer->class_linear, n, h, layer->class_bias, logits);
    for (size_t i = 0; i < n; i++) {
        const uint32_t c = class_of(layer, layer->places[targets[i]]);
        sum += db_softmax_gradient(layer->classes, logits + i * layer->classes, c, scale);
    }
    db_linear_backward_bias(n, layer->classes, logits, gradient->class_bias);
    db_linear_backward_weight(layer->class_linear, n, logits, h, gradient->class_weight);
    db_linear_backward_input(layer->class_linear, n, logits, dh);
    return sum;
}

static double words_backward(const db_factored *layer, const group *g, const uint16_t *targets, real scale, real *dh,
                             const db_factored_gradient *gradient)
{
    const db_linear linear = rows_of(layer, g);
    double sum = 0;
    word_logits(layer, g);
    for (size_t k = 0; k < g->count; k++) {
        const size_t place = layer->places[targets[g->positions[k]]];
        sum += db_softmax_gradient(g->size, g->logits + k * g->size, place - g->start, scale);
    }
    db_linear_backward_bias(g->count, g->size, g->logits, gradient->bias + g->start);
    db_linear_backward_weight(&linear, g->count, g->logits, g->h, gradient->weight + (size_t)g->start * layer->hidden);
    db_linear_backward_input(&linear, g->count, g->logits, g->dh);
    for (size_t k = 0; k < g->count; k++) {
        real *to = dh + (size_t)g->positions[k] * layer->hidden;
        const real *from = g->dh + k * layer->hidden;
        for (uint32_t j = 0; j < layer->hidden; j++) {
            to[j] += from[j];
        }
    }
    return sum;
}

double db_factored_backward(const db_factored *layer, size_t n, const real *h, const uint16_t *targets, real scale,
                            real *dh, const db_factored_gradient *gradient)
{
    double sum = class_backward(layer, n, h, targets, scale, dh, gradient);
    for (uint32_t c = 0; c < layer->classes; c++) {
        const group g = gather(layer, c, n, h, targets);
        if (g.count > 0) {
            sum += words_backward(layer, &g, targets, scale, dh, gradient);
        }
    }
    return sum;
}

/* words [V] by place: from logits of all words to ln p, given the classes' logits. */
static void normalize(const db_factored *layer, const real *by_class, real *words)
{
    for (uint32_t c = 0; c < layer->classes; c++) {
        const uint32_t start = db_factored_start(layer->vocab, layer->classes, c);
        const uint32_t end = db_factored_start(layer->vocab, layer->classes, c + 1);
        const double first = words[start];
        const double shift =
            db_softmax_loss(layer->classes, by_class, c) + db_softmax_loss(end - start, words + start, 0) + first;
        for (uint32_t i = start; i < end; i++) {
            words[i] = (real)((double)words[i] - shift);
        }
    }
}

void db_factored_logits(const db_factored *layer, size_t n, const real *h, real *logits)
{
    real *by_class = layer->scratch, *words = layer->scratch + layer->classes;
    db_linear linear;
    db_linear_make(&linear, layer->vocab, layer->hidden, 0, NULL);
    db_linear_load(&linear, layer->weight, true);
    for (size_t i = 0; i < n; i++) {
        const real *row = h + i * layer->hidden;
        db_linear_forward(layer->class_linear, 1, row, layer->class_bias, by_class);
        db_linear_forward(&linear, 1, row, layer->bias, words);
        normalize(layer, by_class, words);
        for (uint32_t v = 0; v < layer->vocab; v++) {
            logits[i * layer->vocab + v] = words[layer->places[v]];
        }
    }
}
