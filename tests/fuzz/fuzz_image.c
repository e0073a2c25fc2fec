/*
 * Any bytes as an image: a clean error, or an image that runs. The checksum is made right
 * first, so that mutations get past it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "fuzz.h"
#include "tiny_image.h"

enum { ARENA_MAX = 1 << 20, TOKENS = 3 };

static void require(int condition)
{
    if (!condition)
        abort();
}

static void run(const dogberry_image *image)
{
    size_t bytes = dogberry_session_bytes(image);

    if (bytes > ARENA_MAX)
        return;
    tiny_run(image, TOKENS);
    if (image->golden.tokens < 2 * TOKENS) {
        void *arena = malloc(bytes);

        (void)dogberry_verify(image, arena, bytes);
        free(arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = tiny_copy(data, size);
    dogberry_image image;
    int status;

    tiny_seal_quickly(bytes, size);
    status = dogberry_open(&image, bytes, size);
    require(status <= DOGBERRY_OK && status >= DOGBERRY_ERR_GOLDEN && status != DOGBERRY_ERR_CHECKSUM);
    if (status == DOGBERRY_OK)
        run(&image);
    free(bytes);
    return 0;
}

enum { RECURRENT = 17, TRANSFORMERS = 8 };

static tiny_config transformer(uint32_t index)
{
    tiny_config config = tiny_transformer();

    config.feed_forward = DOGBERRY_RELU + index % 4;
    config.key_bits = index & 1 ? 12 : 8;
    config.layers = 1 + (index == 4);
    config.hidden = 5;
    config.embedding = index == 5 ? 3 : 6; /* heads of one component are not turned */
    config.context = 1 + index;
    config.output = index & 2 ? DOGBERRY_TIED : DOGBERRY_DENSE;
    config.int4_roles = index > 2 ? 0x3FFFF : 0;
    return config;
}

static tiny_config recurrent(uint32_t index)
{
    tiny_config config = tiny_default();

    if (index >= 9) /* int4 and class-factored outputs */
        config.int4_roles = index != 14 ? TINY_INT4 : 1 << 3 | 1 << 9;
    if (index >= 12 && index < 15)
        config.classes = 3 + index % 4;
    if (index == 8 || index == 15)
        config.kind = DOGBERRY_CHAR;
    if (index == 9) { /* the largest by far */
        config.kind = DOGBERRY_BPE;
        config.vocab = TINY_BPE;
    }
    if (index == 16)
        config.kind = DOGBERRY_SUBWORD;
    config.architecture = index & 1 && index < 15 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.output = config.classes ? DOGBERRY_FACTORED : index & 2 ? DOGBERRY_TIED : DOGBERRY_DENSE;
    config.layers = index & 4 ? 2 : 1;
    config.embedding = index & 2 ? 5 : 4;
    config.hidden = 5;
    if (index == 9) {
        config.output = DOGBERRY_TIED;
        config.embedding = 5;
    }
    return config;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    size_t length;

    if (index >= RECURRENT + TRANSFORMERS)
        return 0;
    tiny_config config = index < RECURRENT ? recurrent(index) : transformer(index - RECURRENT);
    uint8_t *bytes = tiny_build(&config, &length);

    require(length <= capacity);
    tiny_set_golden(bytes, "the usa", index, 30);
    memcpy(data, bytes, length);
    free(bytes);
    return length;
}
