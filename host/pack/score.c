/* SPDX-License-Identifier: MIT */
#include "pack/score.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Logits are int16, so their differences are few: e^(-d / 2^frac) for each. */
enum { DIFFERENCES = 65536 };

typedef struct {
    const dogberry_image *image;
    const uint16_t *ids;
    float *token_nats;
    double *powers; /* [DIFFERENCES] */
} scoring;

/* One document, in ids[from .. to). */
typedef struct {
    size_t from, to;
    double nats;
} stretch;

/* Returns -ln of the softmax of one choice at its target. */
static double choice_loss(const scoring *score, const dogberry_choice *choice)
{
    const int16_t *logits = choice->logits;
    int32_t most = logits[0];
    for (uint32_t i = 1; i < choice->count; i++)
        if (logits[i] > most)
            most = logits[i];
    double sum = score->powers[most - logits[0]];
    for (uint32_t i = 1; i < choice->count; i++)
        sum += score->powers[most - logits[i]];
    return log(sum) + ldexp(most - logits[choice->target], -(int)score->image->logit_frac);
}

/* Returns -ln p(token) as the next token. */
static double token_loss(const scoring *score, dogberry_session *session, uint16_t token)
{
    dogberry_choice choice;
    double nats = 0;
    for (uint32_t level = 0; dogberry_score(session, token, level, &choice) == 1; level++)
        nats += choice_loss(score, &choice);
    return nats;
}

static void run_stretch(const scoring *score, stretch *part)
{
    size_t arena_bytes = dogberry_session_bytes(score->image);
    void *arena = db_allocate(arena_bytes);
    dogberry_session *session;
    int status = dogberry_start(&session, score->image, arena, arena_bytes);
    assert(status == DOGBERRY_OK);
    for (size_t i = part->from; i < part->to; i++) {
        double nats = token_loss(score, session, score->ids[i]);
        part->nats += nats;
        if (score->token_nats)
            score->token_nats[i] = (float)nats;
        status = dogberry_feed_token(session, score->ids[i]);
        assert(status == DOGBERRY_OK);
    }
    free(arena);
}

/* Fills *parts with the documents, in order. Returns how many. */
static size_t find_documents(stretch **parts, const uint16_t *ids, size_t count, uint16_t end_token)
{
    size_t found = 0, capacity = 0, from = 0;
    *parts = NULL;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && (end_token == DOGBERRY_NO_TOKEN || ids[i] != end_token))
            continue;
        *parts = db_grow(*parts, &capacity, found + 1, sizeof **parts);
        (*parts)[found++] = (stretch){.from = from, .to = i + 1};
        from = i + 1;
    }
    return found;
}

int db_score_image(const dogberry_image *image, const uint16_t *ids, size_t count, uint32_t threads, double *nats,
                   float *token_nats, db_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= image->vocab)
            return db_fail(error, "score: token %u at %zu is outside the image's vocabulary of %u", ids[i], i,
                           image->vocab);
    scoring score = {.image = image, .ids = ids, .token_nats = token_nats};
    score.powers = db_allocate(DIFFERENCES * sizeof(double));
    for (int d = 0; d < DIFFERENCES; d++)
        score.powers[d] = exp(ldexp(-d, -(int)image->logit_frac));

    stretch *parts;
    size_t documents = find_documents(&parts, ids, count, image->end_token);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t i = 0; i < documents; i++)
        run_stretch(&score, &parts[i]);
    *nats = 0;
    for (size_t i = 0; i < documents; i++)
        *nats += parts[i].nats;
    free(parts);
    free(score.powers);
    return 0;
}
