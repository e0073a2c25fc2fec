/* SPDX-License-Identifier: MIT */
#include "train/slide.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "nn/linear.h"
#include "nn/model.h"

/* Returns where the document that starts at `start` ends, behind its end token. */
static size_t document_end(const db_sequence *text, size_t start)
{
    size_t end = start + 1;
    while (end < text->count && (text->end_token == DOGBERRY_NO_TOKEN || text->ids[end - 1] != text->end_token))
        end++;
    return end;
}

static void add(db_loss *loss, float nats)
{
    loss->nats += (double)nats;
    loss->tokens++;
}

void db_slide_split(db_slide *out, const db_sequence *text, uint32_t context, const float *token_nats)
{
    *out = (db_slide){0};
    for (size_t start = 0, end; start < text->count; start = end) {
        end = document_end(text, start);
        for (size_t i = start; i < end; i++)
            add(i - start < context ? &out->within : &out->behind, token_nats[i]);
    }
}

/* A pass for one stream, with a window as long as the context. */
typedef struct {
    const db_sequence *text;
    const float *parameters;
    db_pass *pass;
    uint16_t *inputs; /* [context] */
    uint8_t *resets;  /* [context] 1, 0, 0, ... */
    float *nats;      /* [context] */
} reader;

/* Reads tokens [from, to) of the document that starts at `start`, with nothing before them, and keeps the losses of
 * those from `wanted` on. */
static void read_alone(const reader *r, size_t start, size_t from, size_t to, size_t wanted, float *token_nats)
{
    for (size_t i = from; i < to; i++)
        r->inputs[i - from] = i == start ? r->text->start_token : r->text->ids[i - 1];
    const db_window window = {(uint32_t)(to - from), r->inputs, r->text->ids + from, r->resets};
    db_pass_loss(r->pass, r->parameters, &window, r->nats);
    for (size_t i = wanted; i < to; i++)
        token_nats[i] = r->nats[i - from];
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

void db_evaluate_anew(const db_model_config *config, const float *parameters, const db_sequence *text,
                      float *token_nats)
{
    assert(config->architecture == DOGBERRY_TRANSFORMER);
    const size_t context = config->context, kept = context / 2;
    reader r = {.text = text,
                .parameters = parameters,
                .pass = db_pass_new(config, 1, config->context, false),
                .inputs = db_allocate(context * sizeof *r.inputs),
                .resets = db_allocate(context),
                .nats = db_allocate(context * sizeof *r.nats)};
    const int threads = db_linear_set_threads(1);
    r.resets[0] = 1;
    for (size_t start = 0, end; start < text->count; start = end) {
        end = document_end(text, start);
        size_t done = least_of(start + context, end);
        read_alone(&r, start, start, done, start, token_nats);
        while (done < end) {
            const size_t to = least_of(done - kept + context, end);
            read_alone(&r, start, done - kept, to, done, token_nats);
            done = to;
        }
    }
    (void)db_linear_set_threads(threads);
    db_pass_free(r.pass);
    free(r.inputs);
    free(r.resets);
    free(r.nats);
}
