/*
 * dogberry eval: how well a model knows a text, by its float weights or by its image.
 *
 * SPDX-License-Identifier: MIT
 */
#include <omp.h>
#include <stdio.h>

#include "commands.h"
#include "image_file.h"
#include "interop/model_dir.h"
#include "measured.h"
#include "pack/provenance.h"
#include "pack/score.h"
#include "slide.h"
#include "text/spelling.h"
#include "texts.h"

typedef struct {
    bool lossy, json, slide;
    const char *kernels;
    unsigned long threads;
} settings;

static void show(const db_measure *measure, const char *what, const char *arithmetic, bool json)
{
    if (json)
        cli_measure_json(measure, what, arithmetic);
    else
        cli_measure_print(measure);
}

static int evaluate_folder(const char *path, const db_corpus *corpus, const settings *given, db_error *error)
{
    db_model_dir model = {0};
    db_tokens tokens = {0};
    int failed = db_model_dir_load(&model, path, error);
    if (!failed)
        db_tokens_append(&tokens, &model.tokenizer, corpus);
    if (!failed && given->slide) {
        failed = cli_slide_float(&model, &tokens, (uint32_t)given->threads, given->json, error);
    } else if (!failed) {
        db_measure measure;
        cli_measure_float(&measure, &model, &tokens, (uint32_t)given->threads);
        show(&measure, model.name, "float32", given->json);
    }
    db_tokens_free(&tokens);
    db_model_dir_free(&model);
    return failed;
}

static int evaluate_image(const char *path, const db_corpus *corpus, const settings *given, db_error *error)
{
    cli_image file;
    db_tokenizer tokenizer = {0};
    db_tokens tokens = {0};
    double nats = 0;
    int failed = cli_image_open(&file, path, error) || cli_image_use_kernels(&file, given->kernels, error);
    if (!failed)
        failed = db_provenance_spelling(&tokenizer.spelling, &file.image, error);
    if (!failed) {
        tokenizer.view = file.image.tokenizer; /* borrowed: only the spelling is this tokenizer's own */
        db_tokens_append(&tokens, &tokenizer, corpus);
    }
    if (!failed && given->slide) {
        failed = cli_slide_image(&file.image, &tokens, (uint32_t)given->threads, given->json, error);
    } else if (!failed) {
        failed = db_score_image(&file.image, tokens.ids, tokens.count, (uint32_t)given->threads, &nats, NULL, error);
    }
    if (!failed && !given->slide) {
        db_measure measure;
        db_measure_make(&measure, &tokens, nats);
        show(&measure, file.image.name, "integer", given->json);
    }
    db_tokens_free(&tokens);
    db_spelling_free(&tokenizer.spelling);
    cli_image_close(&file);
    return failed;
}

static int run(int argc, char **argv)
{
    settings given = {.threads = (unsigned long)omp_get_num_procs()};
    /* clang-format off */
    cli_option options[] = {
        {.name = "json", .kind = CLI_FLAG, .value = &given.json, .help = "one JSON object instead of text"},
        {.name = "threads", .letter = 'j', .kind = CLI_COUNT, .value = &given.threads, .argument = "N", .least = 1,
         .most = 64, .help = "cores to use"},
        {.name = "kernels", .kind = CLI_TEXT, .value = &given.kernels, .argument = "NAME",
         .help = "ref, avx2, avx512-vnni: an image's loss at another speed (the fastest there are)"},
        {.name = "slide", .kind = CLI_FLAG, .value = &given.slide,
         .help = "a transformer's loss within its context and behind it, where the older half was dropped"},
        {.name = "lossy", .kind = CLI_FLAG, .value = &given.lossy,
         .help = "replace bytes that are not UTF-8 instead of refusing the file"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_eval, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count < 2)
        status = cli_misused(&cli_eval, "give a model directory or an image, and texts");
    if (status < 0) {
        db_corpus corpus = {0};
        db_error error;
        const cli_list texts = {operands.items + 1, operands.count - 1};
        const char *model = operands.items[0];
        int failed = cli_texts_read(&corpus, &texts, given.lossy, &error);
        if (!failed)
            failed = cli_is_image(model) ? evaluate_image(model, &corpus, &given, &error)
                                         : evaluate_folder(model, &corpus, &given, &error);
        status = failed ? cli_failed(&cli_eval, error.message) : 0;
        db_corpus_free(&corpus);
    }
    cli_list_free(&operands);
    return status;
}

const cli_command cli_eval = {
    .name = "eval",
    .synopsis = "DIR|IMAGE TEXT... [--json]",
    .summary = "measure a model or an image on a text",
    .details = "Prints nats per token, perplexity, the share of unknown words, and bits per character in\n"
               "which an unknown word pays for its spelling (docs/NUMERICS.md). A model directory is\n"
               "measured in float, an image by the integer runtime that the board uses.",
    .examples = "  dogberry eval bard macbeth.txt tempest.txt\n  dogberry eval bard.dog macbeth.txt --json",
    .run = run,
};
