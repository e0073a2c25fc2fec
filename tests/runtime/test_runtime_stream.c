/*
 * Images behind a reader: the same tokens as in memory with every row buffer, the same verdict on damaged
 * images, and a clean error, then a fresh start, wherever reading fails.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "tiny_image.h"

enum { TOKENS = 12, RECURRENT_KINDS = 15, KINDS = 19 };

/* A file that fails, or turns into another, when it is told to. */
typedef struct {
    const uint8_t *bytes;
    size_t length;
    uint32_t reads, fails_at; /* number of the read that fails and of all behind it; 0: none */
    uint32_t garbage;         /* not 0: what is read is random */
} file;

static int read_file(void *context, uint32_t offset, uint32_t bytes, void *to)
{
    file *f = context;

    assert_true(bytes > 0 && offset <= f->length && bytes <= f->length - offset);
    f->reads++;
    if (f->fails_at != 0 && f->reads >= f->fails_at) {
        memset(to, 0x5A, bytes / 2); /* a short read */
        return 1;
    }
    memcpy(to, f->bytes + offset, bytes);
    for (uint32_t i = 0; f->garbage != 0 && i < bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)tiny_random(&f->garbage, 256);
    return 0;
}

/* Feed-forward parts, outputs, bits of weights and keys; odd and even heads, and heads of one component. */
static tiny_config transformer_of(uint32_t kind)
{
    tiny_config config = tiny_transformer();

    config.embedding = kind == 0 ? 12 : kind == 1 ? 9 : kind == 2 ? 3 : 36;
    config.hidden = kind == 1 ? 150 : 20 + 9 * kind;
    config.feed_forward = DOGBERRY_RELU + kind;
    config.key_bits = kind % 2 == 0 ? 12 : 8;
    config.layers = 1 + kind;
    config.output = kind % 2 == 0 ? DOGBERRY_TIED : DOGBERRY_DENSE;
    config.int4_roles = kind % 2 == 0 ? 0 : 0x3FFFF;
    return config;
}

/* One image of each sort: layers, outputs, bits, tokenizers. */
static tiny_config config_of(uint32_t kind)
{
    if (kind >= RECURRENT_KINDS)
        return transformer_of(kind - RECURRENT_KINDS);
    tiny_config config = tiny_default();

    config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.int4_roles = kind & 2 ? TINY_INT4 : 0;
    config.output = kind % 3 == 0 ? DOGBERRY_DENSE : kind % 3 == 1 ? DOGBERRY_TIED : DOGBERRY_FACTORED;
    config.classes = config.output == DOGBERRY_FACTORED ? 6 : 0;
    config.layers = 1 + kind / 4 % 2;
    config.embedding = config.hidden = 20 + kind;
    if (kind >= 12) {
        config.kind = kind == 12 ? DOGBERRY_CHAR : kind == 13 ? DOGBERRY_BPE : DOGBERRY_SUBWORD;
        config.vocab = kind == 13 ? TINY_BPE : config.vocab;
    }
    return config;
}

static const char prompt[] = "The Claudio, says: zounds\n";

/* What a conversation is made of. Returns the first status below 0, or DOGBERRY_OK; *digest is of the tokens. */
static int talk(dogberry_session *session, uint32_t *digest)
{
    char piece[DOGBERRY_PIECE_MAX];
    dogberry_choice choice;
    int status = dogberry_feed(session, prompt, sizeof prompt - 1);

    for (int i = 0; i < TOKENS && status >= 0; i++) {
        status = dogberry_next(session, piece, sizeof piece, NULL);
        if (status >= 0 && i % 4 == 0)
            status = dogberry_score(session, TINY_LINE, i % 8 == 0 ? 1 : 0, &choice);
        if (status >= 0 && i % 4 == 1 && dogberry_logits(session) == NULL)
            status = DOGBERRY_ERR_READ;
    }
    *digest = dogberry_digest(session);
    return status < 0 ? status : DOGBERRY_OK;
}

static uint32_t digest_in_memory(const uint8_t *bytes, size_t length)
{
    dogberry_image image;
    dogberry_session *session;
    uint32_t digest;

    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    void *arena = malloc(dogberry_session_bytes(&image));

    assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
    assert_int_equal(talk(session, &digest), DOGBERRY_OK);
    free(arena);
    return digest;
}

/* Every chunk from one row up, each in an arena of exactly its size. */
static void any_chunk_gives_the_same_tokens(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        tiny_config config = config_of(kind);
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);
        uint64_t buffer[40];
        file f = {.bytes = bytes, .length = length};
        dogberry_reader reader = {read_file, &f, length};
        uint32_t expected = digest_in_memory(bytes, length), most = 0;
        dogberry_image image, mapped;

        assert_int_equal(dogberry_open(&mapped, bytes, length), DOGBERRY_OK);
        assert_int_equal(dogberry_open_stream(&image, &reader, buffer, 256), DOGBERRY_OK);
        assert_int_equal(image.stream.chunk, image.stream.row > 256 ? image.stream.row : 256);
        for (uint32_t chunk = image.stream.row; chunk < 8000; chunk += chunk < image.stream.row + 40 ? 1 : 997) {
            dogberry_session *session;
            uint32_t digest = 0;

            image.stream.chunk = chunk;
            size_t arena_bytes = dogberry_session_bytes(&image);
            void *arena = malloc(arena_bytes);

            assert_int_equal(arena_bytes, dogberry_session_bytes(&mapped) + (chunk + 15) / 16 * 16);
            f.reads = 0;
            assert_int_equal(dogberry_start(&session, &image, arena, arena_bytes), DOGBERRY_OK);
            assert_int_equal(talk(session, &digest), DOGBERRY_OK);
            assert_int_equal(digest, expected);
            most = f.reads > most ? f.reads : most;
            free(arena);
        }
        assert_true(f.reads < most); /* longer chunks, fewer reads */
        free(bytes);
    }
}

static void too_little_memory(void **state)
{
    tiny_config config = config_of(2);
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);
    file f = {.bytes = bytes, .length = length};
    dogberry_reader reader = {read_file, &f, length};
    dogberry_session *session;
    dogberry_image image;

    (void)state;
    for (size_t size = 0; size < 300; size++) {
        void *buffer = malloc(size + 1);

        assert_int_equal(dogberry_open_stream(&image, &reader, buffer, size),
                         size < DOGBERRY_STREAM_BUFFER_MIN ? DOGBERRY_ERR_ARENA : DOGBERRY_OK);
        free(buffer);
    }
    image.stream.chunk = image.stream.row;
    size_t needed = dogberry_session_bytes(&image);

    for (size_t size = 0; size <= needed; size++) {
        void *arena = malloc(size + 1);

        assert_int_equal(dogberry_start(&session, &image, arena, size),
                         size < needed ? DOGBERRY_ERR_ARENA : DOGBERRY_OK);
        free(arena);
    }
    void *arena = malloc(needed);

    for (uint32_t chunk = 0; chunk < image.stream.row; chunk++) {
        dogberry_image small = image;

        small.stream.chunk = chunk;
        assert_int_equal(dogberry_start(&session, &small, arena, needed), DOGBERRY_ERR_ARENA);
    }
    for (uint32_t chunk = UINT32_MAX; chunk > UINT32_MAX - 20; chunk--) { /* sizes that go round */
        dogberry_image large = image;

        large.stream.chunk = chunk;
        assert_int_equal(dogberry_start(&session, &large, arena, needed), DOGBERRY_ERR_ARENA);
    }
    assert_int_equal(dogberry_open_stream(NULL, &reader, arena, needed), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_open_stream(&image, NULL, arena, needed), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_open_stream(&image, &reader, NULL, needed), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_open_stream(&image, &reader, (char *)arena + 4, needed - 4), DOGBERRY_ERR_ALIGNMENT);
    reader.read = NULL;
    assert_int_equal(dogberry_open_stream(&image, &reader, arena, needed), DOGBERRY_ERR_ARGUMENT);
    free(arena);
    free(bytes);
}

/* Every read of opening, starting and talking fails once, with all behind it: the card is out. With the card back,
 * a reset makes the session as good as new. */
static void every_read_may_fail(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        tiny_config config = config_of(kind);
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);
        uint64_t buffer[64];
        file f = {.bytes = bytes, .length = length};
        dogberry_reader reader = {read_file, &f, length};
        uint32_t expected = digest_in_memory(bytes, length), digest, step = kind == 0 ? 1 : 13;
        dogberry_session *session;
        dogberry_image image;
        char piece[DOGBERRY_PIECE_MAX];

        assert_int_equal(dogberry_open_stream(&image, &reader, buffer, sizeof buffer), DOGBERRY_OK);
        for (uint32_t reads = f.reads, n = 1; n <= reads; n += step) {
            dogberry_image other;

            f.reads = 0;
            f.fails_at = n;
            assert_int_equal(dogberry_open_stream(&other, &reader, buffer, sizeof buffer), DOGBERRY_ERR_READ);
        }
        image.stream.chunk = image.stream.row + 100;
        size_t arena_bytes = dogberry_session_bytes(&image);
        void *arena = malloc(arena_bytes);

        for (uint32_t n = 1;; n += step) {
            f.reads = 0;
            f.fails_at = n;
            int status = dogberry_start(&session, &image, arena, arena_bytes);

            if (status == DOGBERRY_OK)
                status = talk(session, &digest);
            if (f.reads < n)
                break; /* all of it went by before the failure */
            assert_int_equal(status, DOGBERRY_ERR_READ);
            f.fails_at = 0; /* the card is back, but the session does not go on by itself */
            assert_int_equal(dogberry_next(session, piece, sizeof piece, NULL), DOGBERRY_ERR_READ);
            assert_int_equal(dogberry_feed(session, "the", 3), DOGBERRY_ERR_READ);
            assert_int_equal(dogberry_feed_token(session, TINY_THE), DOGBERRY_ERR_READ);
            assert_null(dogberry_logits(session));
            assert_int_equal(dogberry_reset(session, 1), DOGBERRY_OK);
            assert_int_equal(talk(session, &digest), DOGBERRY_OK);
            assert_int_equal(digest, expected);
            f.reads = 0;
            f.fails_at = 1;
            assert_int_equal(dogberry_reset(session, 1), DOGBERRY_ERR_READ);
        }
        free(arena);
        free(bytes);
    }
}

/* The same verdict as in memory on an image cut anywhere and on every changed byte of its header, table, scales and
 * tokenizer, its checksum right and wrong. */
static void damage_is_seen_alike(void **state)
{
    uint32_t refused = 0, accepted = 0;

    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind += 2) {
        tiny_config config = config_of(kind);
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);
        uint64_t buffer[32 + 64 * 2];

        for (size_t i = 0; i < length; i += i < 512 ? 1 + kind : 31) {
            for (int how = 0; how < 3; how++) {
                uint8_t kept = bytes[i];
                file f = {.bytes = bytes, .length = how == 2 ? i : length};
                dogberry_reader reader = {read_file, &f, f.length};
                dogberry_image mapped, streamed;
                size_t room = i % 3 == 0 ? 256 : i % 3 == 1 ? 261 : sizeof buffer;

                if (how < 2)
                    bytes[i] = (uint8_t)(bytes[i] + 1 + i % 255);
                if (how == 1 && (i < 8 || i >= 16))
                    tiny_seal(bytes);
                int expected = dogberry_open(&mapped, bytes, f.length);

                assert_int_equal(dogberry_open_stream(&streamed, &reader, buffer, room), expected);
                refused += expected != DOGBERRY_OK;
                accepted += expected == DOGBERRY_OK;
                bytes[i] = kept;
                tiny_seal(bytes);
            }
        }
        free(bytes);
    }
    print_message("%u refused, %u accepted\n", refused, accepted);
    assert_true(refused > 1000 && accepted > 100);
}

/* Another card in the slot: whatever it holds, no access goes astray (run with sanitizers). */
static void another_card(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        tiny_config config = config_of(kind);
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);
        uint64_t buffer[32];
        file f = {.bytes = bytes, .length = length};
        dogberry_reader reader = {read_file, &f, length};
        dogberry_session *session;
        dogberry_image image;
        uint32_t digest;

        assert_int_equal(dogberry_open_stream(&image, &reader, buffer, sizeof buffer), DOGBERRY_OK);
        size_t arena_bytes = dogberry_session_bytes(&image);
        void *arena = malloc(arena_bytes);

        for (uint32_t seed = 1; seed < 60; seed++) {
            f.garbage = 0;
            assert_int_equal(dogberry_start(&session, &image, arena, arena_bytes), DOGBERRY_OK);
            f.garbage = seed;
            assert_true(talk(session, &digest) <= 0);
        }
        free(arena);
        free(bytes);
    }
}

/* The golden prompt is read too; and a tokenizer that the caller has read into memory serves as well. */
static void golden_and_resident_tokenizer(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        tiny_config config = config_of(kind);
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);
        file f = {.bytes = bytes, .length = length};
        dogberry_reader reader = {read_file, &f, length};
        dogberry_session *session;
        dogberry_image image;
        uint64_t buffer[64];
        uint32_t digest;

        tiny_set_golden(bytes, "the usa says", 4242, 10);
        assert_int_equal(dogberry_open_stream(&image, &reader, buffer, sizeof buffer), DOGBERRY_OK);
        assert_true(image.golden.prompt == NULL && image.provenance == NULL && image.provenance_bytes > 0);
        size_t arena_bytes = dogberry_session_bytes(&image);
        void *arena = malloc(arena_bytes), *section = malloc(image.tokenizer_bytes);

        assert_int_equal(dogberry_verify(&image, arena, arena_bytes), DOGBERRY_OK);
        f.reads = 0;
        f.fails_at = 40;
        assert_int_equal(dogberry_verify(&image, arena, arena_bytes), DOGBERRY_ERR_READ);
        f.fails_at = 0;
        assert_int_equal(read_file(&f, image.tokenizer_at, image.tokenizer_bytes, section), 0);
        assert_int_equal(dogberry_tokenizer_open(&image.tokenizer, section, image.tokenizer_bytes), DOGBERRY_OK);
        assert_int_equal(dogberry_start(&session, &image, arena, arena_bytes), DOGBERRY_OK);
        assert_int_equal(talk(session, &digest), DOGBERRY_OK);
        assert_int_equal(digest, digest_in_memory(bytes, length));
        free(section);
        free(arena);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_chunk_gives_the_same_tokens),
        cmocka_unit_test(too_little_memory),
        cmocka_unit_test(every_read_may_fail),
        cmocka_unit_test(damage_is_seen_alike),
        cmocka_unit_test(another_card),
        cmocka_unit_test(golden_and_resident_tokenizer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
