/*
 * make_image OUT.dog VOCAB EMBEDDING HIDDEN [NAME [BITS [transformer]]]: packs a model with random weights and made-up
 * words, for the firmware's tests and for timing (what it says is nonsense). The same sizes make the same file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "nn/config.h"
#include "pack/pack.h"
#include "text/section.h"

enum { UNKNOWN, END, LINE, PARAGRAPH, FIXED_TOKENS = 10, WORD_BYTES = 12, CALIBRATION_TOKENS = 200, GOLDEN_TOKENS = 4 };

/* Words of syllables, each id its own. */
static void make_word(uint32_t id, char word[WORD_BYTES])
{
    size_t length = 0;
    for (uint32_t n = id; n > 0; n /= 80) {
        word[length++] = "bdfghklmnprstvwz"[n % 80 / 5];
        word[length++] = "aeiou"[n % 5];
    }
    word[length] = 0;
}

static void make_tokenizer(db_tokenizer *tokenizer, uint32_t vocab, db_error *error)
{
    static const char *const fixed[FIXED_TOKENS] = {
        DB_UNKNOWN_TEXT, DB_DOCUMENT_SEPARATOR, "\n", "\n\n", ".", ",", "who", "goes", "there", "tell"};
    db_entry *entries = db_allocate(vocab * sizeof *entries);
    char(*words)[WORD_BYTES] = db_allocate(vocab * sizeof *words);
    for (uint32_t id = 0; id < vocab; id++) {
        make_word(id, words[id]);
        const char *key = id < FIXED_TOKENS ? fixed[id] : words[id];
        entries[id] = (db_entry){.key = key, .key_length = strlen(key)};
    }
    entries[UNKNOWN].flags = entries[END].flags = DB_ENTRY_SPECIAL;
    entries[LINE].flags = entries[PARAGRAPH].flags = DOGBERRY_GLUE_LEFT | DOGBERRY_GLUE_RIGHT;
    entries[4].flags = DOGBERRY_GLUE_LEFT | DOGBERRY_ENDS_SENTENCE;
    entries[5].flags = DOGBERRY_GLUE_LEFT;
    if (db_section_build(tokenizer, DOGBERRY_WORD, entries, vocab, DOGBERRY_CAPITALIZE_SENTENCES, error) != 0)
        exit((fprintf(stderr, "%s\n", error->message), 1));
    free(words);
    free(entries);
}

static void make_model(db_model_dir *model, const char *name, const db_model_config *config, db_error *error)
{
    db_random random;
    *model = (db_model_dir){.config = *config, .start_token = END};
    snprintf(model->name, sizeof model->name, "%s", name);
    db_layout_make(&model->layout, config);
    make_tokenizer(&model->tokenizer, config->vocab, error);
    model->parameters = db_allocate(model->layout.parameters * sizeof *model->parameters);
    db_random_seed(&random, 7);
    for (size_t i = 0; i < model->layout.parameters; i++)
        model->parameters[i] = (float)(db_random_unit(&random) - 0.5);
    /* The end of text is made unlikely, so that replies run to their full length. */
    if (config->architecture == DOGBERRY_LSTM)
        model->parameters[db_layout_find(&model->layout, "output.bias")->offset + END] = -20;
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 8)
        return fprintf(stderr, "usage: make_image OUT.dog VOCAB EMBEDDING HIDDEN [NAME [BITS [transformer]]]\n"), 2;
    db_model_config config = {.architecture = DOGBERRY_LSTM,
                              .output = DOGBERRY_DENSE,
                              .vocab = (uint32_t)strtoul(argv[2], NULL, 10),
                              .embedding = (uint32_t)strtoul(argv[3], NULL, 10),
                              .hidden = (uint32_t)strtoul(argv[4], NULL, 10),
                              .layers = 1};
    if (argc > 7) {
        config.architecture = DOGBERRY_TRANSFORMER;
        config.heads = config.kv_heads = 4;
        config.context = 24;
        config.feed_forward = DB_RELU2;
        config.rotary_base = DB_ROTARY_BASE;
    }
    db_model_dir model;
    db_pack_options options;
    uint16_t ids[CALIBRATION_TOKENS];
    db_error error = {""};
    void *image;
    size_t bytes;
    make_model(&model, argc > 5 ? argv[5] : "random", &config, &error);
    for (uint32_t i = 0; i < CALIBRATION_TOKENS; i++)
        ids[i] = (uint16_t)(i * 7919 % (config.vocab - LINE) + LINE);
    db_pack_defaults(&options);
    if (argc > 6)
        options.bits = (uint32_t)strtoul(argv[6], NULL, 10);
    options.golden_prompt = "who goes there";
    options.golden_tokens = GOLDEN_TOKENS;
    if (db_pack(&model, ids, CALIBRATION_TOKENS, &options, &image, &bytes, &error) != 0 ||
        db_file_write(argv[1], image, bytes, &error) != 0)
        return fprintf(stderr, "make_image: %s\n", error.message), 1;
    free(image);
    db_model_dir_free(&model);
    return 0;
}
