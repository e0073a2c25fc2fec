/*
 * dogberry pack: a model directory into an image.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "commands.h"
#include "image_file.h"
#include "pack/pack.h"
#include "texts.h"

typedef struct {
    const char *output, *name, *golden_prompt;
    cli_list calibration;
    double temperature;
    unsigned long top_k, golden_seed, bits;
} settings;

/* The image as it will be opened on the board; what is printed is read back from it. */
static int describe(const void *bytes, size_t length, const char *output)
{
    dogberry_image image;
    if (dogberry_open(&image, bytes, length) != DOGBERRY_OK)
        return 1;
    printf("Wrote %s: %u parameters as int%u, %zu bytes; a session takes %zu bytes of RAM.\n", output, image.parameters,
           image.output_matrix.bits, length, dogberry_session_bytes(&image));
    printf("Golden vector: \"%.*s\", seed %u, %u tokens, digest %08x\n", (int)image.golden.prompt_bytes,
           image.golden.prompt, image.golden.seed, image.golden.tokens, image.golden.digest);
    printf("Next: dogberry chat %s, or dogberry plan %s --board rp2040\n", output, output);
    return 0;
}

static int pack(const char *folder, const settings *given)
{
    db_model_dir model = {0};
    db_corpus calibration = {0};
    db_tokens tokens = {0};
    void *image = NULL;
    size_t bytes;
    db_error error;
    db_pack_options options;
    db_pack_defaults(&options);
    options.name = given->name;
    options.temperature = (uint32_t)(given->temperature * 1000 + 0.5);
    options.top_k = (uint32_t)given->top_k;
    options.golden_prompt = given->golden_prompt;
    options.golden_seed = (uint32_t)given->golden_seed;
    options.bits = (uint32_t)given->bits;
    int status = 0;
    if (db_model_dir_load(&model, folder, &error) || cli_texts_read(&calibration, &given->calibration, false, &error)) {
        status = cli_failed(&cli_pack, error.message);
    } else {
        db_tokens_append(&tokens, &model.tokenizer, &calibration);
        if (db_pack(&model, tokens.ids, tokens.count, &options, &image, &bytes, &error) ||
            db_file_write(given->output, image, bytes, &error))
            status = cli_failed(&cli_pack, error.message);
        else
            status = describe(image, bytes, given->output);
    }
    free(image);
    db_tokens_free(&tokens);
    db_corpus_free(&calibration);
    db_model_dir_free(&model);
    return status;
}

static int run(int argc, char **argv)
{
    db_pack_options defaults;
    db_pack_defaults(&defaults);
    settings given = {.temperature = defaults.temperature / 1000.0,
                      .top_k = defaults.top_k,
                      .golden_seed = defaults.golden_seed,
                      .bits = defaults.bits};
    /* clang-format off */
    cli_option options[] = {
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given.output, .argument = "FILE",
         .help = "the image to write"},
        {.name = "bits", .letter = 'b', .kind = CLI_COUNT, .value = &given.bits, .argument = "4|8", .least = 4, .most = 8,
         .help = "of a weight: 8, or 4 for about half the size (what it was tuned for, or 8)"},
        {.name = "name", .kind = CLI_TEXT, .value = &given.name, .argument = "NAME",
         .help = "what the board calls it (the model's name)"},
        {.name = "temperature", .letter = 't', .kind = CLI_REAL, .value = &given.temperature, .argument = "T",
         .most = 10, .help = "how it is sampled unless told otherwise"},
        {.name = "top-k", .letter = 'k', .kind = CLI_COUNT, .value = &given.top_k, .argument = "K",
         .most = DOGBERRY_TOP_K_MAX, .help = "the same; 0 = all"},
        {.name = "calibrate", .kind = CLI_LIST, .value = &given.calibration, .argument = "TEXT",
         .help = "text to measure activations on (what training held out)"},
        {.name = "golden-prompt", .kind = CLI_TEXT, .value = &given.golden_prompt, .argument = "TEXT",
         .help = "prompt of the golden vector (the first words of the calibration text)"},
        {.name = "golden-seed", .kind = CLI_COUNT, .value = &given.golden_seed, .argument = "N", .most = 4294967295.0,
         .help = "seed of the golden vector"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_pack, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_pack, "give one model directory");
    else if (status < 0 && !given.output)
        status = cli_misused(&cli_pack, "say where to write: -o FILE");
    if (status < 0)
        status = pack(operands.items[0], &given);
    cli_list_free(&given.calibration);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_pack = {
    .name = "pack",
    .synopsis = "DIR -o IMAGE",
    .summary = "quantize a model into an image for a microcontroller",
    .details = "Weights become int8 with a scale a row (or int4, with another for every 64 columns); the ranges of "
               "activations are measured on the text\n"
               "that training held out. The same model gives the same image, byte for byte.",
    .examples = "  dogberry pack model -o model.dog\n  dogberry pack bard -o bard.dog --name bard --temperature 0.7",
    .run = run,
};
