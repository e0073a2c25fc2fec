/*
 * A whole reply through a callback is what feeding and drawing one by one give.
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

enum { TOKENS = 40, ROOM = 4096 };

typedef struct {
    char text[ROOM];
    size_t length;
} collected;

static void collect(void *context, const char *text, size_t bytes)
{
    collected *c = context;

    assert_true(c->length + bytes < ROOM);
    memcpy(c->text + c->length, text, bytes);
    c->length += bytes;
}

typedef struct {
    uint8_t *bytes;
    void *arena;
    dogberry_image image;
    dogberry_session *session;
} fixture;

static fixture start(uint32_t kind)
{
    tiny_config config = tiny_default();
    fixture f = {0};
    size_t length;

    config.kind = kind;
    config.vocab = kind == DOGBERRY_BPE ? TINY_BPE : config.vocab;
    f.bytes = tiny_build(&config, &length);
    assert_int_equal(dogberry_open(&f.image, f.bytes, length), DOGBERRY_OK);
    f.arena = malloc(dogberry_session_bytes(&f.image));
    return f;
}

static void finish(fixture *f)
{
    free(f->arena);
    free(f->bytes);
}

static void restart(fixture *f, uint32_t seed)
{
    assert_int_equal(dogberry_start(&f->session, &f->image, f->arena, dogberry_session_bytes(&f->image)), DOGBERRY_OK);
    dogberry_reset(f->session, seed);
}

/* What dogberry_next() gives until the end token or TOKENS tokens. Returns how many it drew. */
static int one_by_one(fixture *f, collected *reply)
{
    char piece[DOGBERRY_PIECE_MAX];
    size_t bytes;
    int token = 0, drawn = 0;

    dogberry_feed(f->session, "the usa", 7);
    while (drawn < TOKENS && token != f->image.end_token) {
        token = dogberry_next(f->session, piece, sizeof piece, &bytes);
        collect(reply, piece, bytes);
        drawn++;
    }
    return drawn;
}

static void says_what_next_gives(void **state)
{
    int ended = 0, cut = 0;

    (void)state;
    for (uint32_t kind = DOGBERRY_WORD; kind <= DOGBERRY_BPE; kind++) {
        fixture f = start(kind);

        for (uint32_t seed = 0; seed < 20; seed++) {
            static collected expected, said;

            memset(&expected, 0, sizeof expected);
            memset(&said, 0, sizeof said);
            restart(&f, seed);
            int drawn = one_by_one(&f, &expected);
            uint32_t digest = dogberry_digest(f.session);

            restart(&f, seed);
            assert_int_equal(dogberry_say(f.session, "the usa", TOKENS, collect, &said), drawn);
            assert_string_equal(said.text, expected.text);
            assert_int_equal(dogberry_digest(f.session), digest);
            ended += drawn < TOKENS;
            if (strlen(expected.text) > 12) { /* and no more than that before a stop string */
                char text[5] = "";
                const char *stop = memcpy(text, expected.text + 8, 4);

                memset(&said, 0, sizeof said);
                restart(&f, seed);
                assert_int_equal(dogberry_set_stops(f.session, &stop, 1), DOGBERRY_OK);
                assert_in_range(dogberry_say(f.session, "the usa", TOKENS, collect, &said), 1, drawn);
                assert_int_equal(said.length, strstr(expected.text, stop) - expected.text);
            }
            cut += drawn == TOKENS;
        }
        finish(&f);
    }
    assert_true(ended > 0 && cut > 0);
}

static void refuses_arguments(void **state)
{
    static collected said;
    fixture f = start(DOGBERRY_WORD);

    (void)state;
    restart(&f, 1);
    assert_int_equal(dogberry_say(NULL, "a", 1, collect, &said), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_say(f.session, NULL, 1, collect, &said), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_say(f.session, "a", 1, NULL, &said), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_say(f.session, "a", 0x80000000u, collect, &said), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(said.length, 0);
    assert_int_equal(dogberry_say(f.session, "the", 0, collect, &said), 0);
    assert_int_equal(said.length, 0);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_next_gives),
        cmocka_unit_test(refuses_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
