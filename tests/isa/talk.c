/* SPDX-License-Identifier: MIT */
#include "talk.h"

#include "dogberry.h"

enum { SEED = 7, TOKENS = 24, ARENA_BYTES = 96 * 1024 };

/* Emulators take long to open large images through a reader. */
enum { STREAM_BUFFER_BYTES = 512, STREAMED_MOST = 300 * 1024 };

static const char PROMPT[] = "Once upon a time there was a dog. The dog";

static uint64_t arena[ARENA_BYTES / sizeof(uint64_t)];

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

/* What an image says: the drawn tokens, and all scores before each, so that one bit shows that changes no token. */
typedef struct {
    uint32_t tokens, logits; /* digests */
} saying;

/* The image after the prompt. Returns a status. */
static int say(const dogberry_image *image, saying *said)
{
    uint32_t count = image->output == DOGBERRY_FACTORED ? image->classes : image->vocab;
    dogberry_session *session;
    int status = dogberry_start(&session, image, arena, sizeof arena);

    if (status != DOGBERRY_OK || (status = dogberry_reset(session, SEED)) != DOGBERRY_OK ||
        (status = dogberry_feed(session, PROMPT, sizeof PROMPT - 1u)) < 0)
        return status;
    said->logits = 0;
    for (unsigned i = 0; i < TOKENS; i++) {
        char piece[DOGBERRY_PIECE_MAX];
        const int16_t *logits = dogberry_logits(session);

        if (logits == NULL)
            return DOGBERRY_ERR_READ;
        said->logits = dogberry_crc32(said->logits, logits, count * sizeof *logits);
        if ((status = dogberry_next(session, piece, sizeof piece, NULL)) < 0)
            return status;
    }
    said->tokens = dogberry_digest(session);
    return DOGBERRY_OK;
}

/* A card of memory. */
static int read_memory(void *context, uint32_t offset, uint32_t bytes, void *to)
{
    const uint8_t *from = (const uint8_t *)context + offset;

    for (uint8_t *at = to; bytes > 0; bytes--)
        *at++ = *from++;
    return 0;
}

/* The same behind a reader. Returns a status. */
static int say_streamed(const void *bytes, const dogberry_image *mapped, saying *said)
{
    const dogberry_reader reader = {read_memory, (void *)(uintptr_t)bytes, mapped->length};
    dogberry_image image;
    int status = dogberry_open_stream(&image, &reader, arena, STREAM_BUFFER_BYTES);

    image.kernels = mapped->kernels;
    return status == DOGBERRY_OK ? say(&image, said) : status;
}

int talk(const void *bytes, size_t length, const char *kernels)
{
    saying said, streamed;
    dogberry_image image;
    int status = dogberry_open(&image, bytes, length);

    if (status != DOGBERRY_OK)
        return fail("open", status);
    if (kernels != NULL && (image.kernels = dogberry_kernels_named(kernels)) == NULL)
        return fail("kernels", DOGBERRY_ERR_UNSUPPORTED);
    if (image.golden.tokens == 0 || (status = dogberry_verify(&image, arena, sizeof arena)) != DOGBERRY_OK)
        return fail("golden", status);
    if ((status = say(&image, &said)) < 0)
        return fail("say", status);
    streamed = said;
    if (image.length <= STREAMED_MOST && (status = say_streamed(bytes, &image, &streamed)) < 0)
        return fail("streamed", status);
    if (streamed.tokens != said.tokens || streamed.logits != said.logits)
        return fail("streamed: not what is said in place", DOGBERRY_ERR_GOLDEN);
    put_digest("digest ", said.tokens);
    put_digest(" logits ", said.logits);
    put(" tokens 24 golden ok kernels ");
    put(image.kernels->name);
    put("\n");
    return 0;
}
