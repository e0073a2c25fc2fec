/*
 * make_presets FOLDER [IMAGE...]: an image of every recurrent preset, of some transformers', and of a few other kinds,
 * int8 and int4, for comparing machines: real sizes and tokenizers learnt from built-in stories, but random weights (as
 * large as training leaves them), so what they say is nonsense. The same files every time. IMAGE:
 * only those, of all presets, as "char-int8".
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../pack/tiny_model.h"
#include "base/file.h"
#include "pack/pack.h"
#include "text/stories.h"

enum { STORY_BYTES = 120000, CALIBRATION_TOKENS = 300, GOLDEN_TOKENS = 4, MADE_WORDS = 9000 };

/* What presets do not cover. */
static const db_preset others[] = {
    {.name = "bpe",
     .config = {.architecture = DOGBERRY_LSTM, .vocab = 512, .embedding = 48, .hidden = 96, .layers = 1},
     .tokenizer = DOGBERRY_BPE},
    {.name = "gru",
     .config = {.architecture = DOGBERRY_GRU,
                .output = DOGBERRY_TIED,
                .vocab = 600,
                .embedding = 80,
                .hidden = 80,
                .layers = 1},
     .tokenizer = DOGBERRY_WORD},
    /* Few tokens kept, so that every reply slides past them. */
    {.name = "relu-char",
     .config = {.architecture = DOGBERRY_TRANSFORMER,
                .output = DOGBERRY_TIED,
                .vocab = 52,
                .embedding = 24,
                .hidden = 64,
                .layers = 2,
                .heads = 3,
                .kv_heads = 1,
                .context = 12,
                .feed_forward = DB_RELU,
                .rotary_base = DB_ROTARY_BASE},
     .tokenizer = DOGBERRY_CHAR},
    /* As imported from tiny-transformers-rp2040: one head, whose width no kernel likes, and no positions. */
    {.name = "silu",
     .config = {.architecture = DOGBERRY_TRANSFORMER,
                .vocab = 300,
                .embedding = 18,
                .hidden = 72,
                .layers = 2,
                .heads = 1,
                .kv_heads = 1,
                .context = 9,
                .feed_forward = DB_SILU},
     .tokenizer = DOGBERRY_SUBWORD},
    {.name = "swiglu",
     .config = {.architecture = DOGBERRY_TRANSFORMER,
                .vocab = 300,
                .embedding = 40,
                .hidden = 72,
                .layers = 2,
                .heads = 4,
                .kv_heads = 2,
                .context = 5,
                .feed_forward = DB_SWIGLU,
                .rotary_base = DB_ROTARY_BASE},
     .tokenizer = DOGBERRY_SUBWORD},
    {.name = "two-layers",
     .config = {.architecture = DOGBERRY_LSTM, .vocab = 600, .embedding = 40, .hidden = 72, .layers = 2},
     .tokenizer = DOGBERRY_WORD},
};

/* What is asked for. */
typedef struct {
    const db_corpus *corpus;
    const char *folder;
    char **names; /* of images; NULL: the usual ones */
} job;

/* Stories, and words of syllables, each once: enough of them for the largest vocabulary. */
static void make_text(db_corpus *corpus)
{
    char *stories, *words = db_allocate(MADE_WORDS * 16), *end = words;
    size_t bytes;
    db_stories_make(&stories, &bytes, STORY_BYTES, 1);
    db_corpus_add_text(corpus, "stories", stories, bytes);
    for (unsigned i = 0; i < MADE_WORDS; i++) {
        for (unsigned n = i + 1000; n > 0; n /= 80) {
            *end++ = "bdfghklmnprstvwz"[n % 80 / 5];
            *end++ = "aeiou"[n % 5];
        }
        *end++ = ' ';
    }
    db_corpus_add_text(corpus, "words", words, (size_t)(end - words));
    free(stories);
    free(words);
}

static int learn(db_tokenizer *tokenizer, const db_preset *preset, const db_corpus *corpus, db_error *error)
{
    uint32_t vocab = preset->config.vocab;
    if (preset->tokenizer == DOGBERRY_CHAR)
        return db_tokenizer_learn_char(tokenizer, corpus, vocab, error);
    if (preset->tokenizer == DOGBERRY_SUBWORD)
        return db_tokenizer_learn_subword(tokenizer, corpus, vocab, error);
    if (preset->tokenizer == DOGBERRY_BPE)
        return db_tokenizer_learn_bpe(tokenizer, corpus, vocab, error);
    return db_tokenizer_learn_word(tokenizer, corpus, vocab, error);
}

/* Of the transformers, whose presets differ in sizes alone: one with odd heads, one with even ones, and a large one;
 * and those above. */
static bool is_usual(const db_preset *preset)
{
    static const char *const transformers[] = {"story-4k",  "assistant-45k", "expert-229k",
                                               "relu-char", "silu",          "swiglu"};
    if (preset->config.architecture != DOGBERRY_TRANSFORMER)
        return true;
    for (size_t i = 0; i < sizeof transformers / sizeof *transformers; i++) {
        if (strcmp(preset->name, transformers[i]) == 0)
            return true;
    }
    return false;
}

static bool is_wanted(const job *wanted, const db_preset *preset, uint32_t bits)
{
    char name[64];
    if (!wanted->names)
        return is_usual(preset);
    snprintf(name, sizeof name, "%s-int%u", preset->name, bits);
    for (char **at = wanted->names; *at; at++) {
        if (strcmp(name, *at) == 0)
            return true;
    }
    return false;
}

/* `throughout`: every matrix has these bits, as mixed bits may have it; a transformer's image of 4 keeps some at 8. */
static int write_image(const db_model_dir *model, const db_tokens *tokens, const char *folder, uint32_t bits,
                       bool throughout, db_error *error)
{
    uint8_t tensor_bits[DB_TENSORS_MAX];
    char path[4096];
    void *image;
    size_t bytes, count = tokens->count < CALIBRATION_TOKENS ? tokens->count : CALIBRATION_TOKENS;
    db_pack_options options;
    db_pack_defaults(&options);
    options.bits = bits;
    memset(tensor_bits, (int)bits, sizeof tensor_bits);
    options.tensor_bits = throughout ? tensor_bits : NULL;
    options.golden_prompt = "The dog ran";
    options.golden_tokens = GOLDEN_TOKENS;
    if (db_pack(model, tokens->ids, count, &options, &image, &bytes, error))
        return -1;
    snprintf(path, sizeof path, "%s/%s-int%u.dog", folder, model->name, bits);
    int failed = db_file_write(path, image, bytes, error);
    free(image);
    return failed;
}

static int write_images(const db_preset *preset, const job *wanted, bool throughout, db_error *error)
{
    bool int8 = is_wanted(wanted, preset, 8), int4 = is_wanted(wanted, preset, 4);
    if (!int8 && !int4)
        return 0;
    db_model_dir model = {.config = preset->config};
    db_tokens tokens = {0};
    snprintf(model.name, sizeof model.name, "%s", preset->name);
    int failed = learn(&model.tokenizer, preset, wanted->corpus, error);
    if (!failed) {
        model.start_token = model.tokenizer.view.end;
        db_layout_make(&model.layout, &model.config);
        tiny_fill(&model, 1);
        /* The end of text is made unlikely, so that no reply is cut short; transformers have no biases. */
        if (preset->config.architecture != DOGBERRY_TRANSFORMER)
            model.parameters[db_layout_find(&model.layout, "output.bias")->offset + model.tokenizer.view.end] = -20;
        db_tokens_append(&tokens, &model.tokenizer, wanted->corpus);
        failed = (int8 && write_image(&model, &tokens, wanted->folder, 8, throughout, error)) ||
                 (int4 && write_image(&model, &tokens, wanted->folder, 4, throughout, error));
    }
    db_tokens_free(&tokens);
    db_model_dir_free(&model);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: make_presets FOLDER [IMAGE...]\n"), 2;
    db_corpus corpus = {0};
    db_error error = {""};
    int failed = 0;
    job wanted = {&corpus, argv[1], argc > 2 ? argv + 2 : NULL};
    make_text(&corpus);
    for (const db_preset *preset = db_presets(); preset->name && !failed; preset++)
        failed = write_images(preset, &wanted, false, &error);
    for (size_t i = 0; i < sizeof others / sizeof *others && !failed; i++)
        failed = write_images(&others[i], &wanted, true, &error);
    if (failed)
        fprintf(stderr, "make_presets: %s\n", error.message);
    db_corpus_free(&corpus);
    return failed ? 1 : 0;
}
