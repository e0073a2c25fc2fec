/*
 * Any bytes as text: splitting always advances, covers the text in order, does not read
 * outside it, and gives the same pieces whatever room there is for them; what is encoded
 * can be decoded.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "fuzz.h"
#include "tiny_image.h"
#include "utf8.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

static void split_all(const char *text, size_t size)
{
    dogberry_cursor wide = {.text = text, .length = size}, narrow = wide;

    for (;;) {
        char piece[64], cut[8];
        size_t before = wide.at, length = dogberry_split(&wide, piece, sizeof piece);

        require(dogberry_split(&narrow, cut, sizeof cut) == length && narrow.at == wide.at);
        require(memcmp(piece, cut, length < sizeof cut ? length : sizeof cut) == 0);
        if (length == 0)
            break;
        require(wide.start >= before && wide.at > wide.start && wide.at <= size);
        require(length > sizeof piece || dogberry_utf8_valid(piece, length));
    }
}

/* The tokenizer of a kind, made on its first use and kept. */
static const dogberry_tokenizer *tokenizer_of(uint32_t kind)
{
    static const uint32_t flags[] = {[DOGBERRY_WORD] = 3, [DOGBERRY_SUBWORD] = 4};
    static dogberry_tokenizer kept[DOGBERRY_SUBWORD + 1];
    size_t length;

    if (kept[kind].count == 0) {
        uint32_t vocab = kind == DOGBERRY_BPE ? TINY_BPE : TINY_WORDS + 4;
        const uint8_t *section = tiny_tokenizer(kind, vocab, flags[kind], &length);

        require(dogberry_tokenizer_open(&kept[kind], section, length) == DOGBERRY_OK);
    }
    return &kept[kind];
}

/* Whether the bytes are the text's, or where capitals are folded its small letters. */
static int comes_back(const char *bytes, const char *text, size_t length, int folds)
{
    for (size_t i = 0; i < length; i++) {
        int capital = folds && text[i] >= 'A' && text[i] <= 'Z';

        if (bytes[i] != (capital ? text[i] - 'A' + 'a' : text[i]))
            return 0;
    }
    return 1;
}

/* BPE, and characters and subwords that it knows, come back to the byte. */
static void encode_all(const char *text, size_t size, uint32_t kind)
{
    const dogberry_tokenizer *tokenizer = tokenizer_of(kind);
    dogberry_cursor cursor = {.text = text, .length = size};
    dogberry_decoder decoder = {0};
    char piece[DOGBERRY_PIECE_MAX];
    size_t last = 0;
    int id;

    while ((id = dogberry_encode(tokenizer, &cursor)) >= 0) {
        int written = dogberry_decode(tokenizer, &decoder, (uint32_t)id, piece, sizeof piece);

        require((uint32_t)id < tokenizer->count && id != TINY_END && written >= 0);
        require(cursor.start >= last && cursor.at > cursor.start && cursor.at <= size);
        last = cursor.at;
        if (kind != DOGBERRY_WORD && id != TINY_UNKNOWN)
            require((size_t)written == cursor.at - cursor.start &&
                    comes_back(piece, text + cursor.start, (size_t)written, kind == DOGBERRY_SUBWORD));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = tiny_copy(data, size);

    split_all((const char *)copy, size);
    for (uint32_t kind = DOGBERRY_WORD; kind <= DOGBERRY_SUBWORD; kind++)
        encode_all((const char *)copy, size, kind);
    free(copy);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    static const char *const seeds[] = {
        "The Claudio says: \"don't!\" -- 'the USA'...\n\n(McDuff) w23-w24?\r\n",
        "\xC3\x89T\xC3\x89 \xE2\x80\x9Cthe\xE2\x80\x9D \xE2\x80\x98tis\xE2\x80\x99 \xE4\xBD\xA0\xF0\x9F\x98\x80",
        "\xFF\xC3 \xED\xA0\x80\n \n\t\n the--the ''\"\"a",
    };
    size_t length = index < 3 ? strlen(seeds[index]) : 0;

    require(length <= capacity);
    if (length > 0)
        memcpy(data, seeds[index], length);
    return length;
}
