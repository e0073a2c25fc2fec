/*
 * Checkpoints and tokenizers as other programs write them, small and made up, for tests and fuzz targets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TINY_FOREIGN_H
#define TINY_FOREIGN_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    uint8_t bytes[1 << 15];
    size_t length;
} made_file;

static inline void put_bytes(made_file *file, const void *bytes, size_t length)
{
    memcpy(file->bytes + file->length, bytes, length);
    file->length += length;
}

static inline void put_u32(made_file *file, uint32_t value)
{
    put_bytes(file, &value, sizeof value);
}

static inline void put_floats(made_file *file, size_t count, float centre, float spread)
{
    uint32_t random = (uint32_t)file->length;
    for (size_t i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        const float value = centre + spread * ((float)(random >> 8) / 8388608.0f - 1);
        put_bytes(file, &value, sizeof value);
    }
}

/* ---- llama2.c ---- */

enum { LLAMA_DIM = 8, LLAMA_HIDDEN = 6, LLAMA_LAYERS = 2, LLAMA_HEADS = 2, LLAMA_KV = 1, LLAMA_CONTEXT = 16 };

static const char *const LLAMA_PIECES[] = {" t", "he", "in", " the", "ing", " \"", "an", "ng", "é", "“", "”", " ",
                                           "t",  "h",  "e",  "i",    "n",   "g",   "a",  "\"", ".", "c", "f"};
enum { LLAMA_PIECE_COUNT = sizeof LLAMA_PIECES / sizeof *LLAMA_PIECES, LLAMA_VOCAB = 259 + LLAMA_PIECE_COUNT };

static inline void put_token(made_file *file, float score, const char *text)
{
    put_bytes(file, &score, sizeof score);
    put_u32(file, (uint32_t)strlen(text));
    put_bytes(file, text, strlen(text));
}

static inline void make_llama_tokenizer(made_file *file)
{
    file->length = 0;
    put_u32(file, 6);
    put_token(file, 0, "<unk>");
    put_token(file, 0, "\n<s>\n");
    put_token(file, 0, "\n</s>\n");
    for (unsigned byte = 0; byte < 256; byte++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", byte);
        put_token(file, 0, name);
    }
    for (int i = 0; i < LLAMA_PIECE_COUNT; i++)
        put_token(file, (float)-i, LLAMA_PIECES[i]);
}

/* `shared`: 1 as a tied output, -1 with an output of its own. */
static inline void make_llama(made_file *file, int shared)
{
    const size_t d = LLAMA_DIM, h = LLAMA_HIDDEN, l = LLAMA_LAYERS, kv = d / LLAMA_HEADS * LLAMA_KV;
    const uint32_t header[] = {
        LLAMA_DIM, LLAMA_HIDDEN, LLAMA_LAYERS, LLAMA_HEADS, LLAMA_KV, (uint32_t)(shared * LLAMA_VOCAB), LLAMA_CONTEXT};
    file->length = 0;
    put_bytes(file, header, sizeof header);
    put_floats(file, (size_t)LLAMA_VOCAB * d, 0, 1);
    put_floats(file, l * d, 1, 0.5f);
    put_floats(file, l * d * (2 * d + 2 * kv), 0, 0.6f);
    put_floats(file, l * d, 1, 0.5f);
    put_floats(file, 3 * l * d * h, 0, 0.6f);
    put_floats(file, d, 1, 0.5f);
    put_floats(file, (size_t)LLAMA_CONTEXT * (d / LLAMA_HEADS), 0, 1);
    if (shared < 0)
        put_floats(file, (size_t)LLAMA_VOCAB * d, 0, 1);
}

/* ---- tiny-transformers-rp2040 ---- */

enum { TINY_DIM = 6, TINY_HIDDEN = 10, TINY_LAYERS = 2, TINY_CONTEXT = 12, TINY_VOCAB = 24 };

static const char *const TINY_TOKENS[TINY_VOCAB] = {"<pad>", "<s>",  "</s>", "<unk>", " ",  "e",  "t",   "a",
                                                    "o",     "h",    "n",    "",      "i",  "g",  " th", "he",
                                                    "ing",   "ing ", " the", ".",     "\n", "ab", "",    ""};

static inline void make_tiny_vocabulary(made_file *file)
{
    const uint8_t count[] = {TINY_VOCAB, 0};
    file->length = 0;
    put_bytes(file, count, sizeof count);
    for (int i = 0; i < TINY_VOCAB; i++) {
        const uint8_t length = (uint8_t)strlen(TINY_TOKENS[i]);
        put_bytes(file, &length, 1);
        put_bytes(file, TINY_TOKENS[i], length);
    }
}

static inline void make_tiny(made_file *file)
{
    const size_t d = TINY_DIM, h = TINY_HIDDEN;
    const uint32_t header[8] = {TINY_VOCAB, TINY_DIM, TINY_HIDDEN, TINY_LAYERS, 3, TINY_CONTEXT, 0, 0};
    file->length = 0;
    put_bytes(file, header, sizeof header);
    put_floats(file, TINY_VOCAB * d, 0.003f, 0.02f);
    for (int l = 0; l < TINY_LAYERS; l++) {
        put_floats(file, 2 * d, 1, 0.5f);
        put_floats(file, 4 * d * d + 2 * d * h, 0.05f, 0.6f);
    }
    put_floats(file, d, 1, 0.5f);
}

#endif
