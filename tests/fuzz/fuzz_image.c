/*
 * Any bytes as an image: a clean error, or an image that runs. The checksum is made right
 * before a second try, so that mutations get past it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "fuzz.h"
#include "tiny_image.h"

enum { ARENA_MAX = 1 << 20, TOKENS = 20 };

static void require(int condition)
{
    if (!condition)
        abort();
}

static void run(const dogberry_image *image)
{
    size_t bytes = dogberry_session_bytes(image);
    char piece[DOGBERRY_PIECE_MAX];
    dogberry_session *session;

    if (bytes > ARENA_MAX)
        return;
    void *arena = malloc(bytes);

    require(dogberry_start(&session, image, arena, bytes) == DOGBERRY_OK);
    require(dogberry_feed(session, "the Claudio says: zounds\n", 25) >= 0);
    for (int i = 0; i < TOKENS; i++) {
        int token = dogberry_next(session, piece, sizeof piece, NULL);

        require(token >= 0 && (uint32_t)token < image->vocab && token != image->unknown_token);
    }
    if (image->golden.tokens < 2 * TOKENS)
        (void)dogberry_verify(image, arena, bytes);
    free(arena);
}

/* The right checksum, by the runtime's own function: quicker than tiny_seal(). */
static void seal(uint8_t *bytes)
{
    uint32_t total = bytes[8] | (uint32_t)bytes[9] << 8 | (uint32_t)bytes[10] << 16 | (uint32_t)bytes[11] << 24;
    uint32_t crc = dogberry_crc32(dogberry_crc32(0, bytes, 12), bytes + 16, total - 16);

    for (int i = 0; i < 4; i++)
        bytes[12 + i] = (uint8_t)(crc >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = tiny_copy(data, size);
    dogberry_image image;
    int status = dogberry_open(&image, bytes, size);

    require(status <= DOGBERRY_OK && status >= DOGBERRY_ERR_GOLDEN);
    if (status == DOGBERRY_ERR_CHECKSUM) {
        seal(bytes);
        status = dogberry_open(&image, bytes, size);
        require(status != DOGBERRY_ERR_CHECKSUM);
    }
    if (status == DOGBERRY_OK)
        run(&image);
    free(bytes);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    tiny_config config = tiny_default();
    size_t length;

    if (index >= 15)
        return 0;
    if (index >= 10) { /* int4 and class-factored outputs */
        config.int4_roles = index < 14 ? TINY_INT4 : 1 << 3 | 1 << 9;
        config.classes = index >= 12 ? 3 + index % 4 : 0;
    } else if (index >= 8) {
        config.kind = index == 8 ? DOGBERRY_CHAR : DOGBERRY_BPE;
        config.vocab = index == 8 ? config.vocab : TINY_BPE;
    }
    config.architecture = index & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.output = config.classes ? DOGBERRY_FACTORED : index & 2 ? DOGBERRY_TIED : DOGBERRY_DENSE;
    config.layers = index & 4 ? 2 : 1;
    config.embedding = index & 2 ? 5 : 4;
    config.hidden = 5;
    uint8_t *bytes = tiny_build(&config, &length);

    require(length <= capacity);
    tiny_set_golden(bytes, "the usa", index, 30);
    memcpy(data, bytes, length);
    free(bytes);
    return length;
}
