/*
 * Small images with random weights, written byte by byte from docs/FORMAT.md: what the
 * runtime's tests open, break and run. Shares no code with the packer or the reader.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TINY_IMAGE_H
#define TINY_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "dogberry.h"

typedef struct {
    uint32_t kind; /* of the tokenizer: enum dogberry_tokenizer_kind */
    uint32_t architecture, output, layers;
    uint32_t vocab, embedding, hidden; /* vocab at least TINY_WORDS, BPE: TINY_BPE */
    uint32_t cell_frac, logit_frac;
    uint32_t temperature, top_k;
    uint32_t top_p, min_p, repeat_penalty, repeat_window, no_repeat;
    uint32_t seed;       /* of the weights */
    uint32_t int4_roles; /* bit r set: the matrices of tensor role r are int4, else int8 */
    uint32_t heads, kv_heads, context, feed_forward, key_bits; /* transformer */
    uint32_t outer_by_row;                                     /* the outer matrix, with ReLU too */
    uint32_t classes; /* class-factored output: at least 2; class 0 has one token, the others about as many each */
} tiny_config;

enum { TINY_INT4 = 0xFFFF }; /* all matrices */

/* Ids of the built-in vocabulary; ids from TINY_WORDS on are "w23", "w24", ... */
enum {
    TINY_UNKNOWN,
    TINY_END,
    TINY_LINE,
    TINY_PARAGRAPH,
    TINY_COMMA,
    TINY_STOP,
    TINY_QUESTION,
    TINY_OPEN_DOUBLE,
    TINY_CLOSE_DOUBLE,
    TINY_OPEN_SINGLE,
    TINY_CLOSE_SINGLE,
    TINY_HYPHEN,
    TINY_OPEN_BRACKET,
    TINY_CLOSE_BRACKET,
    TINY_THE,
    TINY_CLAUDIO,
    TINY_USA,
    TINY_MCDUFF,
    TINY_DONT,
    TINY_SAYS,
    TINY_ETE,
    TINY_DASHES,
    TINY_DOTS,
    TINY_WORDS
};

/* A BPE vocabulary: two special tokens, 256 bytes from TINY_BYTES on, six merges. */
enum { TINY_BYTES = 2, TINY_MERGES = 6, TINY_BPE = TINY_BYTES + 256 + TINY_MERGES };

/* A small transformer of two layers, three heads of three components, and a context of six tokens. */
tiny_config tiny_transformer(void);

/* A small LSTM: the configuration most tests start from. */
tiny_config tiny_default(void);

/* Builds an image in a new 16-byte aligned buffer, without a golden vector; free() it. */
uint8_t *tiny_build(const tiny_config *config, size_t *length);

/* Puts the right checksum in after a change. */
void tiny_seal(uint8_t *image);

/* The same by the runtime's own function, which is quicker, for any bytes: does nothing where `length` of
 * them are no whole image. */
void tiny_seal_quickly(uint8_t *bytes, size_t length);

/* Feeds a text and draws `tokens` tokens, so that a sanitizer sees whatever an opened image leads to.
 * Aborts where a token is impossible. */
void tiny_run(const dogberry_image *image, uint32_t tokens);

/* Little-endian numbers, to look at a field and to break it. */
uint32_t tiny_get32(const uint8_t *p);
void tiny_put32(uint8_t *p, uint32_t value);

/* A golden vector for `prompt`, as the runtime itself runs it. */
void tiny_set_golden(uint8_t *image, const char *prompt, uint32_t seed, uint32_t tokens);

/* Only the tokenizer section of an image of that kind and size, 16-byte aligned; free() it. */
uint8_t *tiny_tokenizer(uint32_t kind, uint32_t vocab, uint32_t flags, size_t *length);

/* A copy that lies flush against the end of its own allocation, 16-byte aligned, so that a
 * sanitizer sees any read behind it; free() it. */
uint8_t *tiny_copy(const uint8_t *image, size_t length);

/* What lies at an offset of an image in memory. */
const void *tiny_at(const dogberry_image *image, uint32_t offset);

/* Uniform below `bound`, from a small generator of the tests' own. */
uint32_t tiny_random(uint32_t *state, uint32_t bound);

#endif
