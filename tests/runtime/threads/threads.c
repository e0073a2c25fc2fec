/*
 * Several sessions on one image from several threads, under the thread sanitizer: nothing is
 * shared but what is constant, and every conversation is the one that a single thread has.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "dogberry.h"
#include "tiny_image.h"

enum { THREADS = 8, TOKENS = 60, KINDS = 6 };

typedef struct {
    const dogberry_image *image;
    uint32_t seed;
    uint32_t digest;
} conversation;

static void require(int condition)
{
    if (!condition)
        abort();
}

static void *talk(void *argument)
{
    conversation *c = argument;
    size_t bytes = dogberry_session_bytes(c->image);
    void *arena = malloc(bytes);
    char piece[DOGBERRY_PIECE_MAX];
    dogberry_session *session;

    require(arena != NULL && dogberry_start(&session, c->image, arena, bytes) == DOGBERRY_OK);
    dogberry_reset(session, c->seed);
    require(dogberry_feed(session, "the usa", 7) > 0);
    for (int i = 0; i < TOKENS; i++)
        require(dogberry_next(session, piece, sizeof piece, NULL) >= 0);
    c->digest = dogberry_digest(session);
    free(arena);
    return NULL;
}

/* An image of one of the kinds, and as many conversations at once as there are threads. Two have the same seed. */
static void try_kind(uint32_t kind)
{
    tiny_config config = tiny_default();
    dogberry_image image;
    size_t length;
    conversation alone[THREADS], together[THREADS];
    pthread_t threads[THREADS];

    config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.output = kind % 3;
    config.classes = config.output == DOGBERRY_FACTORED ? 6 : 0;
    config.embedding = config.hidden = 20;
    config.int4_roles = kind & 2 ? TINY_INT4 : 0;
    config.kind = DOGBERRY_WORD + kind % 3;
    config.vocab = config.kind == DOGBERRY_BPE ? TINY_BPE : config.vocab;
    uint8_t *bytes = tiny_build(&config, &length);

    require(dogberry_open(&image, bytes, length) == DOGBERRY_OK);
    for (uint32_t i = 0; i < THREADS; i++) {
        alone[i] = together[i] = (conversation){&image, i / 2, 0};
        talk(&alone[i]);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        require(pthread_create(&threads[i], NULL, talk, &together[i]) == 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        require(pthread_join(threads[i], NULL) == 0);
        require(together[i].digest == alone[i].digest);
    }
    require(alone[0].digest == alone[1].digest && alone[0].digest != alone[2].digest);
    free(bytes);
}

int main(void)
{
    for (uint32_t kind = 0; kind < KINDS; kind++)
        try_kind(kind);
    printf("%d kinds of image, %d sessions at once: the tokens of one at a time\n", KINDS, THREADS);
    return 0;
}
