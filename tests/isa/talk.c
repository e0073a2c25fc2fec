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

static void put_digest(uint32_t digest)
{
    char text[8];

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

int talk(const void *bytes, size_t length, const char *kernels)
{
    static uint64_t arena[ARENA_BYTES / sizeof(uint64_t)];
    dogberry_session *session;
    dogberry_image image;
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
    for (unsigned i = 0; i < TOKENS; i++) {
        char piece[DOGBERRY_PIECE_MAX];

        if ((status = dogberry_next(session, piece, sizeof piece, NULL)) < 0)
            return fail("next", status);
    }
    put("digest ");
    put_digest(dogberry_digest(session));
    put(" tokens 24 golden ok kernels ");
    put(image.kernels->name);
    put("\n");
    return 0;
}
