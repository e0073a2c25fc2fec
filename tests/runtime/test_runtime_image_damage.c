/*
 * Damaged images of every kind: cut at every byte, and every bit of header and table flipped, with the wrong checksum
 * and with the right one.
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

enum { RECURRENT_KINDS = 48, KINDS_OF_TOKENIZER = 12, KINDS = RECURRENT_KINDS + 6 };

/* An image to damage. deltas[at][bit]: how that bit changes the checksum; 0 where the checksum cannot be made right. */
typedef struct {
    uint8_t *bytes;
    size_t length;
    uint32_t (*deltas)[8];
} subject;

/* Transformers of each feed-forward part, output and width of keys. */
static tiny_config transformer_of(uint32_t kind)
{
    tiny_config config = tiny_transformer();

    config.feed_forward = DOGBERRY_RELU + kind % 4;
    config.int4_roles = kind % 2 ? 0x3FFFF : 0;
    config.key_bits = kind < 3 ? 8 : 12;
    config.output = kind / 2 % 2 ? DOGBERRY_TIED : DOGBERRY_DENSE;
    config.layers = 1 + kind % 3 / 2;
    config.embedding = 6;
    config.hidden = 5;
    return config;
}

/* Number `kind` of all combinations of weights, layers, output and tokenizer; then transformers. */
static tiny_config kind_of(uint32_t kind)
{
    tiny_config config = tiny_default();

    if (kind >= RECURRENT_KINDS)
        return transformer_of(kind - RECURRENT_KINDS);

    config.int4_roles = kind % 2 ? TINY_INT4 : 0;
    config.architecture = kind / 2 % 2 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.output = kind / 4 % 3;
    config.kind = DOGBERRY_WORD + kind / KINDS_OF_TOKENIZER;
    config.classes = config.output == DOGBERRY_FACTORED ? 6 : 0;
    config.vocab = config.kind == DOGBERRY_BPE ? TINY_BPE : config.vocab;
    config.embedding = config.output == DOGBERRY_TIED ? 5 : 3;
    config.hidden = 5;
    config.layers = 1 + kind % 3 / 2;
    return config;
}

static uint32_t after_zero_byte(uint32_t crc)
{
    for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    return crc;
}

/* A CRC is linear: what a bit changes depends on how many bytes follow it alone. That is much quicker than a new
 * checksum for every bit. Bytes 8 to 15 are the length, up to which the checksum goes, and the checksum itself. */
static subject make_subject(uint32_t kind)
{
    tiny_config config = kind_of(kind);
    subject s = {0};

    s.bytes = tiny_build(&config, &s.length);
    s.deltas = calloc(s.length, sizeof *s.deltas);
    assert_non_null(s.deltas);
    for (unsigned bit = 0; bit < 8; bit++) {
        uint32_t delta = after_zero_byte(1u << bit);

        for (size_t at = s.length; at-- > 0;) {
            if (at >= 12 && at < 16)
                continue;
            s.deltas[at][bit] = at < 8 || at >= 12 ? delta : 0;
            delta = after_zero_byte(delta);
        }
    }
    return s;
}

static void free_subject(subject *s)
{
    free(s->deltas);
    free(s->bytes);
}

/* Where the table of tensors ends. */
static size_t table_end(const subject *s)
{
    return 256 + 32 * tiny_get32(s->bytes + 44);
}

static void truncated_at_every_byte(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        tiny_config config = kind_of(kind);
        dogberry_image image;
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);

        for (size_t cut = 0; cut < length; cut++) {
            uint8_t *part = tiny_copy(bytes, cut);

            assert_int_equal(dogberry_open(&image, part, cut), DOGBERRY_ERR_TRUNCATED);
            free(part);
        }
        free(bytes);
    }
}

static void flip(subject *s, size_t at, unsigned bit)
{
    s->bytes[at] ^= (uint8_t)(1u << bit);
}

/* One bit flipped is an error; the checksum looks at no kind, so one of each tokenizer is enough. */
static void flipped_below_its_checksum(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind += KINDS_OF_TOKENIZER) {
        subject s = make_subject(kind);
        dogberry_image image;

        for (size_t at = 0; at < s.length; at++) {
            for (unsigned bit = at < table_end(&s) ? 0 : 7; bit < 8; bit++) {
                flip(&s, at, bit);
                assert_true(dogberry_open(&image, s.bytes, s.length) < 0);
                flip(&s, at, bit);
            }
        }
        assert_int_equal(dogberry_open(&image, s.bytes, s.length), DOGBERRY_OK);
        free_subject(&s);
    }
}

/* One bit flipped and the checksum made right again is an error or an image that runs. Leaves the image as it was.
 * Returns 1 where it ran. */
static size_t flip_sealed(subject *s, size_t at, unsigned bit)
{
    uint32_t delta = s->deltas[at][bit], crc = tiny_get32(s->bytes + 12);
    dogberry_image image;

    tiny_put32(s->bytes + 12, crc ^ delta);
    flip(s, at, bit);
    int status = dogberry_open(&image, s->bytes, s->length);

    assert_true(delta == 0 ? status < 0 : status != DOGBERRY_ERR_CHECKSUM);
    if (status == DOGBERRY_OK)
        tiny_run(&image, 1);
    flip(s, at, bit);
    tiny_put32(s->bytes + 12, crc);
    return status == DOGBERRY_OK;
}

static void flipped_header_and_table(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        subject s = make_subject(kind);
        size_t opened = 0, end = table_end(&s);

        for (size_t i = 0; i < 8 * end; i++)
            opened += flip_sealed(&s, i / 8, i % 8);
        assert_true(opened > 0 && opened < 8 * end);
        free_subject(&s);
    }
}

/* One bit of every byte of tensors, tokenizer and provenance. */
static void flipped_contents(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        subject s = make_subject(kind);

        for (size_t at = table_end(&s); at < s.length; at++)
            (void)flip_sealed(&s, at, at % 8);
        free_subject(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_at_every_byte),
        cmocka_unit_test(flipped_below_its_checksum),
        cmocka_unit_test(flipped_header_and_table),
        cmocka_unit_test(flipped_contents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
