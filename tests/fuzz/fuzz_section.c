/*
 * Any bytes as a tokenizer section, and text for it: a clean error, or a tokenizer that
 * encodes and decodes. The input is a length, that many bytes of text, then the section.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "fuzz.h"
#include "tiny_image.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

static void use(const dogberry_tokenizer *tokenizer, const char *text, size_t length)
{
    dogberry_cursor cursor = {.text = text, .length = length};
    dogberry_decoder decoder = {0};
    char piece[DOGBERRY_PIECE_MAX];
    int id;

    while ((id = dogberry_encode(tokenizer, &cursor)) >= 0) {
        require((uint32_t)id < tokenizer->count && cursor.at > cursor.start && cursor.at <= length);
        require(dogberry_decode(tokenizer, &decoder, (uint32_t)id, piece, sizeof piece) >= 0);
    }
    for (uint32_t i = 0; i < tokenizer->count; i++) /* whatever text does not lead to */
        require(dogberry_decode(tokenizer, &decoder, i, piece, sizeof piece) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = size > 0 ? data[0] : 0;

    if (size < 1 + length)
        return 0;
    uint8_t *text = tiny_copy(data + 1, length), *section = tiny_copy(data + 1 + length, size - 1 - length);
    dogberry_tokenizer tokenizer;

    if (dogberry_tokenizer_open(&tokenizer, section, size - 1 - length) == DOGBERRY_OK)
        use(&tokenizer, (const char *)text, length);
    free(section);
    free(text);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    static const char text[] = "The \"Claudio\" says: don't the--the w23.\n\nM";
    uint32_t kind = index + DOGBERRY_WORD;
    size_t length, used = sizeof text - 1;

    if (index >= 4)
        return 0;
    uint32_t vocab = kind == DOGBERRY_BPE ? TINY_BPE : TINY_WORDS + 2;
    uint32_t flags = kind == DOGBERRY_WORD ? 3 : kind == DOGBERRY_SUBWORD ? 4 : 0;
    uint8_t *section = tiny_tokenizer(kind, vocab, flags, &length);

    require(1 + used + length <= capacity);
    data[0] = (uint8_t)used;
    memcpy(data + 1, text, used);
    memcpy(data + 1 + used, section, length);
    free(section);
    return 1 + used + length;
}
