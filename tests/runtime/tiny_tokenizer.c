/*
 * Tokenizer sections of the four kinds, written byte by byte from docs/FORMAT.md.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tiny_tokenizer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "tiny_image.h"

enum { GLUE_LEFT = 1, GLUE_RIGHT = 2, ENDS = 4, SPECIAL = 8 }; /* of a token */
enum { CAPITALIZE_SENTENCES = 1, FOLD_CAPITALS = 4 };          /* of the section */

static const struct {
    const char *key, *own;
    uint8_t display, flags;
} words[TINY_WORDS] = {
    {"<unk>", "", 0, SPECIAL},
    {"<end>", "", 0, SPECIAL},
    {"\n", "", 0, 0},
    {"\n\n", "", 0, 0},
    {",", "", 0, GLUE_LEFT},
    {".", "", 0, GLUE_LEFT | ENDS},
    {"?", "", 0, GLUE_LEFT | ENDS},
    {"\xE2\x80\x9C", "\"", 3, GLUE_RIGHT},
    {"\xE2\x80\x9D", "\"", 3, GLUE_LEFT},
    {"\xE2\x80\x98", "'", 3, GLUE_RIGHT},
    {"\xE2\x80\x99", "'", 3, GLUE_LEFT},
    {"-", "", 0, GLUE_LEFT | GLUE_RIGHT},
    {"(", "", 0, GLUE_RIGHT},
    {")", "", 0, GLUE_LEFT},
    {"the", "", 0, 0},
    {"claudio", "", 1, 0},
    {"usa", "", 2, 0},
    {"mcduff", "McDuff", 3, 0},
    {"don't", "", 0, 0},
    {"says", "", 0, 0},
    {"\xC3\xA9t\xC3\xA9", "", 0, 0},
    {"--", "", 0, 0},
    {"...", "", 0, GLUE_LEFT | ENDS},
};

typedef struct {
    char key[16], own[16];
    uint8_t key_bytes, display, flags;
} token;

/* Pairs of tokens and, by their place, the tokens they make: th, the, " the", au, cl, clau. */
static const uint16_t merges[TINY_MERGES][2] = {
    {TINY_BYTES + 't', TINY_BYTES + 'h'}, {TINY_BYTES + 256, TINY_BYTES + 'e'}, {TINY_BYTES + ' ', TINY_BYTES + 257},
    {TINY_BYTES + 'a', TINY_BYTES + 'u'}, {TINY_BYTES + 'c', TINY_BYTES + 'l'}, {TINY_BYTES + 260, TINY_BYTES + 259},
};

static void put(uint8_t *place, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        place[i] = (uint8_t)(value >> 8 * i);
}

static token word_token(uint32_t id)
{
    token t = {0};

    if (id < TINY_WORDS) {
        t.display = words[id].display;
        t.flags = words[id].flags;
        strcpy(t.own, words[id].own);
        strcpy(t.key, words[id].key);
    } else {
        sprintf(t.key, "w%u", id);
    }
    t.key_bytes = (uint8_t)strlen(t.key);
    return t;
}

/* Line break and space first, then letters; further ones from U+0100 on. */
static token char_token(uint32_t id)
{
    static const char characters[] = "\n etaoinshrdlucmfwypvbgk.,";
    token t = {0};

    if (id - 2 < sizeof characters - 1) {
        t.key[0] = characters[id - 2];
        t.key_bytes = 1;
    } else {
        t.key[0] = (char)(0xC4 + id / 64);
        t.key[1] = (char)(0x80 + id % 64);
        t.key_bytes = 2;
    }
    return t;
}

/* Pieces of words, the letters of "the Claudio says", and what is between words; further ones are "w23", "w24", ... */
static token subword_token(uint32_t id)
{
    static const char *const keys[] = {"\n", " ",    "e", "t", "a", "o", "i", "s", "h",  "r",   "l",
                                       "d",  " the", "u", "c", "y", ",", ".", "'", "au", "cla", "\xC3\xA9"};
    token t = {0};

    if (id - 2 < sizeof keys / sizeof *keys)
        strcpy(t.key, keys[id - 2]);
    else
        sprintf(t.key, "w%u", id);
    t.key_bytes = (uint8_t)strlen(t.key);
    return t;
}

static token bpe_token(uint32_t id, const token *before)
{
    token t = {0};

    if (id < TINY_BYTES + 256) {
        t.key[0] = (char)(id - TINY_BYTES);
        t.key_bytes = 1;
    } else {
        const token *left = &before[merges[id - TINY_BYTES - 256][0]],
                    *right = &before[merges[id - TINY_BYTES - 256][1]];

        memcpy(t.key, left->key, left->key_bytes);
        memcpy(t.key + left->key_bytes, right->key, right->key_bytes);
        t.key_bytes = (uint8_t)(left->key_bytes + right->key_bytes);
    }
    return t;
}

static token *make_tokens(uint32_t kind, uint32_t vocab)
{
    token *tokens = calloc(vocab, sizeof *tokens);

    assert(tokens);
    for (uint32_t id = 0; id < vocab; id++) {
        if (id < 2 || kind == DOGBERRY_WORD)
            tokens[id] = word_token(id);
        else
            tokens[id] = kind == DOGBERRY_CHAR      ? char_token(id)
                         : kind == DOGBERRY_SUBWORD ? subword_token(id)
                                                    : bpe_token(id, tokens);
    }
    return tokens;
}

static int key_order(const token *a, const token *b)
{
    int order = memcmp(a->key, b->key, a->key_bytes < b->key_bytes ? a->key_bytes : b->key_bytes);

    return order ? order : a->key_bytes - b->key_bytes;
}

static size_t write_index(uint8_t *index, const token *tokens, uint32_t vocab)
{
    uint32_t *ids = calloc(vocab, sizeof *ids);

    assert(ids);
    for (uint32_t i = 0; i < vocab; i++) { /* insertion: tests are small */
        uint32_t j = i;

        for (; j > 0 && key_order(&tokens[ids[j - 1]], &tokens[i]) > 0; j--)
            ids[j] = ids[j - 1];
        ids[j] = i;
    }
    for (uint32_t i = 0; i < vocab; i++)
        put(index + 2 * i, ids[i], 2);
    free(ids);
    return 2 * (size_t)vocab;
}

static uint32_t pair_of(uint32_t merge)
{
    return (uint32_t)merges[merge][0] << 16 | merges[merge][1];
}

static size_t write_bytes_and_merges(uint8_t *index)
{
    uint32_t order[TINY_MERGES];

    for (uint32_t byte = 0; byte < 256; byte++)
        put(index + 2 * byte, byte == 0xFF ? DOGBERRY_NO_TOKEN : TINY_BYTES + byte, 2);
    for (uint32_t i = 0; i < TINY_MERGES; i++) {
        uint32_t j = i;

        for (; j > 0 && pair_of(order[j - 1]) > pair_of(i); j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    for (uint32_t i = 0; i < TINY_MERGES; i++) {
        uint8_t *record = index + 512 + 8 * i;

        put(record, merges[order[i]][0] | (uint32_t)merges[order[i]][1] << 16, 4);
        put(record + 4, (TINY_BYTES + 256 + order[i]) | order[i] << 16, 4);
    }
    return 512 + 8 * TINY_MERGES;
}

uint32_t tiny_tokenizer_flags(uint32_t kind)
{
    return kind == DOGBERRY_WORD ? CAPITALIZE_SENTENCES : kind == DOGBERRY_SUBWORD ? FOLD_CAPITALS : 0;
}

size_t tiny_tokenizer_room(uint32_t vocab)
{
    return 2048 + 64 * (size_t)vocab;
}

size_t tiny_tokenizer_write(uint8_t *section, uint32_t kind, uint32_t vocab, uint32_t flags)
{
    token *tokens = make_tokens(kind, vocab);
    size_t pool = 16 + 8 * (size_t)vocab, at = 0;

    put(section, kind | flags << 8 | TINY_UNKNOWN << 16, 4);
    put(section + 4, TINY_END | (kind == DOGBERRY_BPE ? (uint32_t)TINY_MERGES : 0) << 16, 4);
    put(section + 8, vocab, 4);
    pool += kind == DOGBERRY_BPE ? write_bytes_and_merges(section + pool) : write_index(section + pool, tokens, vocab);
    for (uint32_t id = 0; id < vocab; id++) {
        const token *t = &tokens[id];
        uint8_t *entry = section + 16 + 8 * (size_t)id;
        size_t own = strlen(t->own);

        put(entry, (uint32_t)at | (uint32_t)t->key_bytes << 24, 4);
        put(entry + 4, t->display | (uint32_t)own << 8 | (uint32_t)t->flags << 16, 4);
        memcpy(section + pool + at, t->key, t->key_bytes);
        memcpy(section + pool + at + t->key_bytes, t->own, own);
        at += t->key_bytes + own;
    }
    put(section + 12, (uint32_t)at, 4);
    free(tokens);
    return pool + at;
}

uint8_t *tiny_tokenizer(uint32_t kind, uint32_t vocab, uint32_t flags, size_t *length)
{
    uint8_t *section = calloc(1, tiny_tokenizer_room(vocab));

    assert(section);
    *length = tiny_tokenizer_write(section, kind, vocab, flags);
    uint8_t *copy = tiny_copy(section, *length);

    free(section);
    return copy;
}
