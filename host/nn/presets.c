/*
 * The presets: sizes that were chosen with care.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "nn/config.h"

/* A transformer of two feed-forward matrices and tied output: V D + L (4 D^2 + 2 D H) parameters. */
#define TRANSFORMER(preset_name, V, D, H, L, head_count, tokens)                                         \
    {                                                                                                    \
        .name = (preset_name), .purpose = "transformer of " #L " layers, " #D " wide, context " #tokens, \
        .config = {.architecture = DOGBERRY_TRANSFORMER,                                                 \
                   .output = DOGBERRY_TIED,                                                              \
                   .vocab = (V),                                                                         \
                   .embedding = (D),                                                                     \
                   .hidden = (H),                                                                        \
                   .layers = (L),                                                                        \
                   .heads = (head_count),                                                                \
                   .kv_heads = (head_count),                                                             \
                   .context = (tokens),                                                                  \
                   .feed_forward = DB_RELU2,                                                             \
                   .rotary_base = DB_ROTARY_BASE},                                                       \
        .tokenizer = DOGBERRY_SUBWORD                                                                    \
    }

static const db_preset presets[] = {
    {.name = "dogberry",
     .purpose = "4000 words, LSTM 256: 1.6 M parameters, fills a 2 MB flash as int8",
     .config = {.architecture = DOGBERRY_LSTM,
                .output = DOGBERRY_DENSE,
                .vocab = 4000,
                .embedding = 64,
                .hidden = 256,
                .layers = 1},
     .tokenizer = DOGBERRY_WORD},
    {.name = "dogberry-fast",
     .purpose = "the same with a class-factored output: a word reads a twentieth of its rows",
     .config = {.architecture = DOGBERRY_LSTM,
                .output = DOGBERRY_FACTORED,
                .vocab = 4000,
                .embedding = 64,
                .hidden = 256,
                .layers = 1,
                .classes = 64},
     .tokenizer = DOGBERRY_WORD},
    {.name = "word-1k",
     .purpose = "1000 words, LSTM 128: for small texts and fast boards",
     .config = {.architecture = DOGBERRY_LSTM,
                .output = DOGBERRY_DENSE,
                .vocab = 1000,
                .embedding = 64,
                .hidden = 128,
                .layers = 1},
     .tokenizer = DOGBERRY_WORD},
    {.name = "word-8k",
     .purpose = "8000 words, LSTM 256: rarer words, 4 MB flash as int8",
     .config = {.architecture = DOGBERRY_LSTM,
                .output = DOGBERRY_DENSE,
                .vocab = 8000,
                .embedding = 64,
                .hidden = 256,
                .layers = 1},
     .tokenizer = DOGBERRY_WORD},
    {.name = "char",
     .purpose = "52 characters, LSTM 128: the smallest, spells every word",
     .config = {.architecture = DOGBERRY_LSTM,
                .output = DOGBERRY_DENSE,
                .vocab = 52,
                .embedding = 32,
                .hidden = 128,
                .layers = 1},
     .tokenizer = DOGBERRY_CHAR},
    TRANSFORMER("story-1k", 64, 8, 32, 1, 2, 32),
    TRANSFORMER("story-3k", 96, 12, 48, 1, 3, 36),
    TRANSFORMER("story-4k", 112, 14, 56, 1, 2, 40),
    TRANSFORMER("chat-8k", 128, 16, 64, 2, 4, 48),
    TRANSFORMER("chat-10k", 144, 18, 72, 2, 3, 52),
    TRANSFORMER("chat-13k", 160, 20, 80, 2, 4, 56),
    TRANSFORMER("chat-18k", 192, 24, 96, 2, 4, 60),
    TRANSFORMER("assistant-45k", 256, 32, 128, 3, 8, 64),
    TRANSFORMER("assistant-57k", 288, 36, 144, 3, 6, 68),
    TRANSFORMER("assistant-70k", 320, 40, 160, 3, 8, 72),
    TRANSFORMER("assistant-101k", 384, 48, 192, 3, 8, 80),
    TRANSFORMER("expert-229k", 512, 64, 256, 4, 16, 96),
    TRANSFORMER("expert-1310k", 1024, 128, 512, 6, 32, 128),
    {.name = NULL},
};

const db_preset *db_presets(void)
{
    return presets;
}

const db_preset *db_preset_find(const char *name)
{
    for (const db_preset *preset = presets; preset->name != NULL; preset++) {
        if (strcmp(preset->name, name) == 0) {
            return preset;
        }
    }
    return NULL;
}
