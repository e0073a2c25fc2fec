/*
 * Evaluation: documents are spread over streams, streams over threads.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/evaluate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/linear.h"
#include "nn/model.h"

/* Positions of a window: enough that making the weights ready for it does not matter. */
enum { STREAMS_PER_THREAD = 16, POSITIONS = 2048 };

typedef struct {
    size_t start, end; /* tokens of one document */
    uint32_t stream;
} document;

/* The documents of one stream, read one after another, each from zero state. */
typedef struct {
    const document *documents;
    size_t count, current;
    size_t at; /* next target */
} reader;

typedef struct {
    const db_model_config *config;
    const float *parameters;
    const db_sequence *text;
    float *nats; /* [text->count] */
    bool half;
    const db_activation_rounding *rounding; /* NULL: none */
} job;

static size_t find_documents(const db_sequence *text, document **documents)
{
    size_t count = 0, capacity = 0, start = 0;
    *documents = NULL;
    for (size_t i = 0; i < text->count; i++) {
        const bool closes = text->end_token != DOGBERRY_NO_TOKEN && text->ids[i] == text->end_token;
        if (closes || i + 1 == text->count) {
            *documents = db_grow(*documents, &capacity, count + 1, sizeof **documents);
            (*documents)[count++] = (document){start, i + 1, 0};
            start = i + 1;
        }
    }
    return count;
}

static int by_length(const void *left, const void *right)
{
    const document *a = left, *b = right;
    const size_t la = a->end - a->start, lb = b->end - b->start;
    return la != lb ? (la < lb ? 1 : -1) : (a->start > b->start) - (a->start < b->start);
}

static int by_stream(const void *left, const void *right)
{
    const document *a = left, *b = right;
    return a->stream != b->stream ? (a->stream > b->stream ? 1 : -1) : (a->start > b->start) - (a->start < b->start);
}

/* Longest document first, each to the stream with the least to do. */
static void spread(document *documents, size_t count, uint32_t streams)
{
    size_t *load = db_allocate(streams * sizeof *load);
    qsort(documents, count, sizeof *documents, by_length);
    for (size_t i = 0; i < count; i++) {
        uint32_t least = 0;
        for (uint32_t s = 1; s < streams; s++) {
            least = load[s] < load[least] ? s : least;
        }
        documents[i].stream = least;
        load[least] += documents[i].end - documents[i].start;
    }
    qsort(documents, count, sizeof *documents, by_stream);
    free(load);
}

/* One position of one stream. Returns whether it has a target; where all is read the input is a filler. */
static bool read_next(reader *r, const db_sequence *text, uint16_t *input, uint16_t *target, uint8_t *reset,
                      size_t *place)
{
    if (r->current == r->count) {
        *input = *target = text->start_token;
        *reset = 1;
        return false;
    }
    const document *d = &r->documents[r->current];
    *reset = r->at == d->start;
    *input = *reset ? text->start_token : text->ids[r->at - 1];
    *target = text->ids[r->at];
    *place = r->at++;
    if (r->at == d->end) {
        r->current++;
        r->at = r->current < r->count ? r->documents[r->current].start : 0;
    }
    return true;
}

typedef struct {
    uint16_t *inputs, *targets;
    uint8_t *resets;
    size_t *places;
    bool *valid;
    float *nats;
} buffers;

/* Reads the next window of all readers. Returns how many of its positions have targets. */
static size_t read_window(const job *work, reader *readers, uint32_t streams, uint32_t steps, const buffers *b)
{
    size_t valid = 0;
    for (uint32_t t = 0; t < steps; t++) {
        for (uint32_t s = 0; s < streams; s++) {
            const size_t i = (size_t)t * streams + s;
            b->valid[i] =
                read_next(&readers[s], work->text, &b->inputs[i], &b->targets[i], &b->resets[i], &b->places[i]);
            valid += b->valid[i];
        }
    }
    return valid;
}

/* Runs the readers to their ends, side by side on the calling thread. */
static void run(const job *work, reader *readers, uint32_t streams)
{
    const uint32_t steps = POSITIONS / streams;
    const size_t most = (size_t)steps * streams;
    db_pass *pass = db_pass_new(work->config, streams, steps, work->half);
    db_pass_round_activations(pass, work->rounding);
    const buffers b = {db_allocate(most * sizeof *b.inputs),
                       db_allocate(most * sizeof *b.targets),
                       db_allocate(most),
                       db_allocate(most * sizeof *b.places),
                       db_allocate(most * sizeof *b.valid),
                       db_allocate(most * sizeof *b.nats)};
    while (read_window(work, readers, streams, steps, &b) > 0) {
        const db_window window = {steps, b.inputs, b.targets, b.resets};
        db_pass_loss(pass, work->parameters, &window, b.nats);
        for (size_t i = 0; i < most; i++) {
            if (b.valid[i]) {
                work->nats[b.places[i]] = b.nats[i];
            }
        }
    }
    free(b.inputs);
    free(b.targets);
    free(b.resets);
    free(b.places);
    free(b.valid);
    free(b.nats);
    db_pass_free(pass);
}

static void make_readers(const document *documents, size_t count, reader *readers)
{
    for (size_t i = 0; i < count; i++) {
        reader *r = &readers[documents[i].stream];
        if (r->count++ == 0) {
            r->documents = &documents[i];
            r->at = documents[i].start;
        }
    }
}

/* Leaves the loss of each token in work->nats. */
static void evaluate(const job *work, uint32_t threads)
{
    document *documents;
    const size_t count = find_documents(work->text, &documents);
    if (count == 0) {
        return;
    }
    const uint32_t most = threads * STREAMS_PER_THREAD, streams = count < most ? (uint32_t)count : most;
    reader *readers = db_allocate(streams * sizeof *readers);
    spread(documents, count, streams);
    make_readers(documents, count, readers);
    const int before = db_linear_set_threads(1);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (uint32_t i = 0; i < threads; i++) {
        const uint32_t first = streams * i / threads, end = streams * (i + 1) / threads;
        if (end > first) {
            run(work, readers + first, end - first);
        }
    }
    db_linear_set_threads(before);
    free(readers);
    free(documents);
}

static db_loss add_up(const db_sequence *text, const float *nats)
{
    db_loss loss = {0, text->count};
    for (size_t i = 0; i < text->count; i++) {
        loss.nats += (double)nats[i];
    }
    return loss;
}

db_loss db_evaluate(const db_model_config *config, const float *parameters, const db_sequence *text, uint32_t threads,
                    float *token_nats)
{
    float *nats = token_nats != NULL ? token_nats : db_allocate((text->count + 1) * sizeof *nats);
    const job work = {config, parameters, text, nats, false, NULL};
    evaluate(&work, threads);
    const db_loss loss = add_up(text, nats);
    if (token_nats == NULL) {
        free(nats);
    }
    return loss;
}

db_loss db_evaluate_quickly(const db_model_config *config, const float *parameters, const db_sequence *text,
                            uint32_t threads)
{
    return db_evaluate_rounded(config, parameters, NULL, text, threads, true);
}

db_loss db_evaluate_rounded(const db_model_config *config, const float *rounded, const db_activation_rounding *rounding,
                            const db_sequence *text, uint32_t threads, bool quickly)
{
    float *nats = db_allocate((text->count + 1) * sizeof *nats);
    const job work = {config, rounded, text, nats, quickly && db_linear_has_half(), rounding};
    evaluate(&work, threads);
    const db_loss loss = add_up(text, nats);
    free(nats);
    return loss;
}
