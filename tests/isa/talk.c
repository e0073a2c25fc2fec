/* SPDX-License-Identifier: MIT */
#include "talk.h"

#include "dogberry.h"

enum { SEED = 7, TOKENS = 24, ARENA_BYTES = 96 * 1024 };

static const char PROMPT[] = "Once upon a time there was a dog. The dog";

static void put(const char *text)
{
    size_t length = 0;

    while (text[length] != 0)
        length++;
    talk_put(text, length);
}

static void put_digest(const char *name, uint32_t digest)
{
    char text[8];

    put(name);

    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = "0123456789abcdef"[digest >> (28u - 4u * i) & 15u];
    talk_put(text, sizeof text);
}

static int fail(const char *what, int status)
{
    put(what);
    put(" ");
    put(dogberry_status_name(status));
    put("\n");
    return 1;
}

/* All scores go into *logits, so that one bit shows that would not change the drawn tokens. Returns a status. */
static int draw(dogberry_session *session, const dogberry_image *image, uint32_t *logits)
{
    uint32_t count = image->output == DOGBERRY_FACTORED ? image->classes : image->vocab;

    for (unsigned i = 0; i < TOKENS; i++) {
        char piece[DOGBERRY_PIECE_MAX];
        int token;

        *logits = dogberry_crc32(*logits, dogberry_logits(session), count * sizeof(int16_t));
        if ((token = dogberry_next(session, piece, sizeof piece, NULL)) < 0)
            return token;
    }
    return DOGBERRY_OK;
}

int talk(const void *bytes, size_t length, const char *kernels)
{
    static uint64_t arena[ARENA_BYTES / sizeof(uint64_t)];
    dogberry_session *session;
    dogberry_image image;
    uint32_t logits = 0;
    int status = dogberry_open(&image, bytes, length);

    if (status != DOGBERRY_OK)
        return fail("open", status);
    if (kernels != NULL && (image.kernels = dogberry_kernels_named(kernels)) == NULL)
        return fail("kernels", DOGBERRY_ERR_UNSUPPORTED);
    if (image.golden.tokens == 0 || (status = dogberry_verify(&image, arena, sizeof arena)) != DOGBERRY_OK)
        return fail("golden", status);
    if ((status = dogberry_start(&session, &image, arena, sizeof arena)) != DOGBERRY_OK)
        return fail("start", status);
    dogberry_reset(session, SEED);
    if ((status = dogberry_feed(session, PROMPT, sizeof PROMPT - 1u)) < 0)
        return fail("feed", status);
    if ((status = draw(session, &image, &logits)) < 0)
        return fail("next", status);
    put_digest("digest ", dogberry_digest(session));
    put_digest(" logits ", logits);
    put(" tokens 24 golden ok kernels ");
    put(image.kernels->name);
    put("\n");
    return 0;
}
