/*
 * Any bytes as an image behind a reader that fails, cuts short or turns into another card where the input says: the
 * verdict and the tokens of the same image in memory, or a clean error and, with the card back, a fresh start.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "fuzz.h"
#include "tiny_image.h"

enum { ARENA_MAX = 1 << 18, TOKENS = 3, CHOICES = 8, BUFFER_MOST = 4096 };

/* What happens from read number `at` (from 1) on. */
enum harm { NONE, FAILS, CUT_SHORT, FAILS_ONCE, GARBLED, HARMS };

typedef struct {
    const uint8_t *bytes;
    size_t length;
    uint32_t reads, at;
    enum harm harm;
    uint8_t garble;
} card;

static void require(int condition)
{
    if (!condition)
        abort();
}

static int read_card(void *context, uint32_t offset, uint32_t bytes, void *to)
{
    card *c = context;
    int harmed = ++c->reads >= c->at && c->harm != NONE;

    require(bytes > 0 && offset <= c->length && bytes <= c->length - offset);
    if (harmed && c->harm == CUT_SHORT)
        memcpy(to, c->bytes + offset, bytes / 2);
    if (harmed && c->harm != GARBLED && (c->harm != FAILS_ONCE || c->reads == c->at))
        return -1;
    memcpy(to, c->bytes + offset, bytes);
    for (uint32_t i = 0; harmed && c->harm == GARBLED && i < bytes; i++)
        ((uint8_t *)to)[i] ^= (uint8_t)(c->garble * (offset + i));
    return 0;
}

/* Some text and tokens. Returns DOGBERRY_OK or what went wrong. */
static int talk(dogberry_session *session, uint32_t *digest)
{
    static const char prompt[] = "The Claudio, says: zounds\n";
    char piece[DOGBERRY_PIECE_MAX];
    dogberry_choice choice;
    int status = dogberry_reset(session, 5);

    if (status >= 0)
        status = dogberry_feed(session, prompt, sizeof prompt - 1);
    for (int i = 0; i < TOKENS && status >= 0; i++) {
        status = dogberry_next(session, piece, sizeof piece, NULL);
        if (status >= 0)
            status = dogberry_score(session, 1, (uint32_t)i & 1u, &choice);
    }
    *digest = dogberry_digest(session);
    return status < 0 ? status : DOGBERRY_OK;
}

/* The session on the streamed image, whose harm comes after `c->at` reads from here; then without it. */
static void run(const dogberry_image *image, card *c, enum harm harm, uint32_t expected)
{
    size_t bytes = dogberry_session_bytes(image);
    void *arena = malloc(bytes);
    dogberry_session *session;
    uint32_t digest;

    c->harm = NONE;
    require(dogberry_start(&session, image, arena, bytes) == DOGBERRY_OK);
    c->reads = 0;
    c->harm = harm;
    int status = talk(session, &digest);

    require(status == DOGBERRY_OK || status == DOGBERRY_ERR_READ);
    if (harm == NONE || c->reads < c->at)
        require(status == DOGBERRY_OK && digest == expected);
    else if (harm != GARBLED)
        require(status == DOGBERRY_ERR_READ);
    c->harm = NONE;
    require(talk(session, &digest) == DOGBERRY_OK && digest == expected);
    free(arena);
}

static uint32_t digest_in_memory(const dogberry_image *image)
{
    size_t bytes = dogberry_session_bytes(image);
    void *arena = malloc(bytes);
    dogberry_session *session;
    uint32_t digest;

    require(dogberry_start(&session, image, arena, bytes) == DOGBERRY_OK);
    require(talk(session, &digest) == DOGBERRY_OK);
    free(arena);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t buffer[BUFFER_MOST / 8];
    dogberry_image mapped, image;

    if (size < CHOICES)
        return 0;
    uint32_t at = 1u + (data[0] | (uint32_t)data[1] << 8), more = data[2] | (uint32_t)data[3] << 8;
    size_t room = DOGBERRY_STREAM_BUFFER_MIN + (data[4] | (size_t)data[5] << 8) % (BUFFER_MOST - 256);
    enum harm harm = (enum harm)(data[6] % HARMS);
    uint8_t *bytes = tiny_copy(data + CHOICES, size - CHOICES);
    card c = {.bytes = bytes, .length = size - CHOICES, .at = at, .garble = data[7]};
    dogberry_reader reader = {read_card, &c, c.length};

    tiny_seal_quickly(bytes, c.length);
    int expected = dogberry_open(&mapped, bytes, c.length);

    require(dogberry_open_stream(&image, &reader, buffer, room) == expected);
    if (expected == DOGBERRY_OK && dogberry_session_bytes(&image) <= ARENA_MAX) {
        image.stream.chunk = image.stream.row + more;
        run(&image, &c, harm, digest_in_memory(&mapped));
    }
    c.reads = 0;
    c.harm = harm;
    int status = dogberry_open_stream(&image, &reader, buffer, room);

    require(status <= DOGBERRY_OK && status >= DOGBERRY_ERR_READ);
    if (harm == NONE || c.reads < at)
        require(status == expected);
    else if (harm != GARBLED)
        require(status == DOGBERRY_ERR_READ);
    free(bytes);
    return 0;
}

enum { KINDS = 11 };

static tiny_config config_of(uint32_t kind)
{
    if (kind >= 7) {
        tiny_config config = tiny_transformer();

        config.feed_forward = DOGBERRY_RELU + kind - 7;
        config.key_bits = kind & 1 ? 12 : 8;
        config.output = kind & 1 ? DOGBERRY_TIED : DOGBERRY_DENSE;
        config.int4_roles = kind == 8 ? 0x3FFFF : 0;
        config.layers = 1;
        return config;
    }
    tiny_config config = tiny_default();

    config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.int4_roles = kind & 2 ? TINY_INT4 : 0;
    config.classes = kind == 2 || kind == 5 ? 4 : 0;
    config.output = config.classes ? DOGBERRY_FACTORED : kind & 1 ? DOGBERRY_TIED : DOGBERRY_DENSE;
    config.embedding = config.hidden = 5;
    if (kind == 3)
        config.kind = DOGBERRY_CHAR;
    if (kind == 4) {
        config.kind = DOGBERRY_BPE;
        config.vocab = TINY_BPE;
    }
    if (kind == 6)
        config.kind = DOGBERRY_SUBWORD;
    return config;
}

/* Each sort of image, with each sort of harm at another read. */
size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    size_t length;

    if (index >= KINDS * HARMS)
        return 0;
    tiny_config config = config_of(index % KINDS);
    uint8_t *bytes = tiny_build(&config, &length);
    const uint8_t choices[CHOICES] = {
        (uint8_t)(37 * index),    (uint8_t)(index / KINDS), (uint8_t)(5 * index), 0, (uint8_t)(11 * index), 0,
        (uint8_t)(index / KINDS), (uint8_t)(3 * index + 1)};

    require(length + CHOICES <= capacity);
    memcpy(data, choices, CHOICES);
    memcpy(data + CHOICES, bytes, length);
    free(bytes);
    return length + CHOICES;
}
