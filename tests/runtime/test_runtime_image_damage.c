/*
 * Damaged images of every kind: cut at every byte, and every bit of header and table flipped.
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

enum { KINDS = 36 };

/* Number `kind` of all combinations of weights, layers, output and tokenizer. */
static tiny_config kind_of(uint32_t kind)
{
    tiny_config config = tiny_default();

    config.int4_roles = kind % 2 ? TINY_INT4 : 0;
    config.architecture = kind / 2 % 2 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.output = kind / 4 % 3;
    config.kind = DOGBERRY_WORD + kind / 12;
    config.classes = config.output == DOGBERRY_FACTORED ? 6 : 0;
    config.vocab = config.kind == DOGBERRY_BPE ? TINY_BPE : config.vocab;
    config.embedding = config.output == DOGBERRY_TIED ? 5 : 3;
    config.hidden = 5;
    config.layers = 1 + kind % 3 / 2;
    return config;
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

/* One bit flipped is an error; with the checksum made right again it is an error or an image that runs.
 * Leaves the image as it was. Returns 1 where it ran. */
static int flip(uint8_t *bytes, size_t length, size_t at, unsigned bit)
{
    dogberry_image image;
    int opened = 0;

    bytes[at] ^= (uint8_t)(1u << bit);
    assert_true(dogberry_open(&image, bytes, length) < 0);
    if (at < 8 || at >= 12) { /* not the length that the checksum covers */
        uint32_t crc = tiny_get32(bytes + 12);

        tiny_seal_quickly(bytes, length);
        opened = dogberry_open(&image, bytes, length) == DOGBERRY_OK;
        if (opened)
            tiny_run(&image, 1);
        tiny_put32(bytes + 12, crc);
    }
    bytes[at] ^= (uint8_t)(1u << bit);
    return opened;
}

/* Of characters and BPE, whose tables differ from those of words in offsets only, some kinds are enough. */
static void flipped_header_and_table(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind += kind < 12 ? 1 : 5) {
        tiny_config config = kind_of(kind);
        dogberry_image image;
        size_t length, opened = 0;
        uint8_t *bytes = tiny_build(&config, &length);
        size_t end = 256 + 32 * tiny_get32(bytes + 44);

        for (size_t at = kind % 5 == 0 ? 0 : 256; at < end; at++) { /* some kinds' headers, all tables */
            for (unsigned bit = 0; bit < 8; bit++)
                opened += (size_t)flip(bytes, length, at, bit);
        }
        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
        assert_true(opened < 8 * end && (opened > 0 || kind % 5 != 0));
        free(bytes);
    }
}

/* One bit of every byte of tensors, tokenizer and provenance. */
static void flipped_contents(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind += kind < 12 ? 1 : 5) {
        tiny_config config = kind_of(kind);
        size_t length;
        uint8_t *bytes = tiny_build(&config, &length);
        size_t from = kind < 12 ? 256 + 32 * tiny_get32(bytes + 44) : tiny_get32(bytes + 52);

        for (size_t at = from; at < length; at++)
            (void)flip(bytes, length, at, at % 8);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_at_every_byte),
        cmocka_unit_test(flipped_header_and_table),
        cmocka_unit_test(flipped_contents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
