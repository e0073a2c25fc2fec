/*
 * dogberry pack: a model directory into an image.
 *
 * SPDX-License-Identifier: MIT
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "boards/shape.h"
#include "commands.h"
#include "image_file.h"
#include "pack/mixed.h"
#include "pack/pack.h"
#include "progress.h"
#include "sampling.h"
#include "texts.h"

enum { OWN_OPTIONS = 11 };

typedef struct {
    const char *output, *name, *golden_prompt, *bits;
    cli_list calibration;
    cli_sampling sampling;
    unsigned long golden_seed, max_bytes, threads, key_bits;
    bool nearest, by_row;
} settings;

/* What a model is packed from and into. */
typedef struct {
    db_model_dir model;
    db_corpus calibration;
    db_tokens tokens;
    void *image;
    size_t bytes;
} job;

static bool is_mixed(const settings *given)
{
    return given->bits && strcmp(given->bits, "mixed") == 0;
}

/* In what widths the matrices are. */
static void print_bits(const dogberry_image *image, const settings *given)
{
    const bool transformer = image->architecture == DOGBERRY_TRANSFORMER;
    const uint32_t ends = image->output_matrix.bits;
    const uint32_t bits = transformer ? db_shape_block(image, 0, DOGBERRY_BLOCK_ATTENTION).bits : ends;
    if (is_mixed(given))
        printf("int4 and int8");
    else if (bits != ends)
        printf("int%u (embedding, output and outer matrices int%u)", bits, ends);
    else
        printf("int%u", bits);
}

/* The image as it will be opened on the board; what is printed is read back from it. */
static int describe(const job *work, const settings *given)
{
    dogberry_image image;
    if (dogberry_open(&image, work->image, work->bytes) != DOGBERRY_OK)
        return 1;
    printf("Wrote %s: %u parameters as ", given->output, image.parameters);
    print_bits(&image, given);
    printf(", %zu bytes; a session takes %zu bytes of RAM.\n", work->bytes, dogberry_session_bytes(&image));
    printf("Golden vector: \"%.*s\", seed %u, %u tokens, digest %08x\n", (int)image.golden.prompt_bytes,
           image.golden.prompt, image.golden.seed, image.golden.tokens, image.golden.digest);
    printf("Next: dogberry chat %s, or dogberry plan %s --board rp2040\n", given->output, given->output);
    return 0;
}

static void show_progress(void *user, size_t done, size_t total)
{
    cli_progress_update(user, (double)done, (double)total, (double)done, "images measured", NULL, -1);
}

static void print_choice(const db_mixed *chosen, const settings *given)
{
    printf("%-40s %4s %10s %16s %20s\n", "tensor", "bits", "bytes", "4 bits save", "4 bits cost, nats");
    for (size_t i = 0; i < chosen->count; i++) {
        const db_mixed_tensor *tensor = &chosen->tensors[i];
        printf("%-40s %4u %10zu %16zu %+20.5f\n", tensor->name, tensor->bits,
               tensor->bytes8 - (tensor->bits == 4 ? tensor->saved : 0), tensor->saved, tensor->cost);
    }
    printf("Chosen for ");
    if (given->max_bytes)
        printf("at most %lu bytes", given->max_bytes);
    else
        printf("a loss at most %g %% over 8 bits (--max-bytes sets a size instead)", 100 * DB_MIXED_ALLOWANCE);
    printf("; 8 bits throughout have %zu bytes, 4 bits %zu.\n", chosen->bytes8, chosen->bytes4);
    printf("On %zu tokens of calibration text, nats per token: 8 bits %.4f, mixed %.4f (%+.2f %%; %.4f if costs simply "
           "added up)\n",
           chosen->tokens, chosen->loss8, chosen->loss, 100 * (chosen->loss / chosen->loss8 - 1), chosen->expected);
}

static int pack_mixed(job *work, const settings *given, const db_pack_options *options, db_error *error)
{
    db_mixed chosen;
    cli_progress bar;
    cli_progress_start(&bar, "measuring");
    const db_mixed_options mixed = {
        .max_bytes = given->max_bytes, .threads = (uint32_t)given->threads, .progress = show_progress, .user = &bar};
    const int failed = db_pack_mixed(&work->model, work->tokens.ids, work->tokens.count, options, &mixed, &chosen,
                                     &work->image, &work->bytes, error);
    cli_progress_clear(&bar);
    if (!failed)
        print_choice(&chosen, given);
    return failed;
}

static int make_image(job *work, const char *folder, const settings *given, db_error *error)
{
    db_pack_options options;
    db_pack_defaults(&options);
    options.name = given->name;
    options.golden_prompt = given->golden_prompt;
    options.golden_seed = (uint32_t)given->golden_seed;
    options.bits = given->bits && !is_mixed(given) ? (uint32_t)(given->bits[0] - '0') : 0;
    options.nearest = given->nearest;
    options.key_bits = (uint32_t)given->key_bits;
    options.by_row = given->by_row;
    if (db_model_dir_load(&work->model, folder, error) ||
        cli_texts_read(&work->calibration, &given->calibration, false, error))
        return -1;
    options.sampling = db_pack_sampling(work->model.tokenizer.view.kind);
    cli_sampling_read(&given->sampling, &options.sampling);
    db_tokens_append(&work->tokens, &work->model.tokenizer, &work->calibration);
    if (is_mixed(given))
        return pack_mixed(work, given, &options, error);
    return db_pack(&work->model, work->tokens.ids, work->tokens.count, &options, &work->image, &work->bytes, error);
}

static int pack(const char *folder, const settings *given)
{
    job work = {0};
    db_error error;
    const int failed =
        make_image(&work, folder, given, &error) || db_file_write(given->output, work.image, work.bytes, &error);
    const int status = failed ? cli_failed(&cli_pack, error.message) : describe(&work, given);
    free(work.image);
    db_tokens_free(&work.tokens);
    db_corpus_free(&work.calibration);
    db_model_dir_free(&work.model);
    return status;
}

/* Returns -1, or the exit status after a mistake. */
static int check_bits(const settings *given)
{
    if (given->bits && strcmp(given->bits, "4") != 0 && strcmp(given->bits, "8") != 0 && !is_mixed(given))
        return cli_misused(&cli_pack, "--bits is 4, 8 or mixed, not '%s'", given->bits);
    if (given->max_bytes && !is_mixed(given))
        return cli_misused(&cli_pack, "--max-bytes goes with --bits mixed");
    return -1;
}

static int run(int argc, char **argv)
{
    db_pack_options defaults;
    db_pack_defaults(&defaults);
    settings given = {.golden_seed = defaults.golden_seed, .threads = (unsigned long)omp_get_num_procs()};
    /* clang-format off */
    cli_option options[OWN_OPTIONS + CLI_SAMPLING_NUMBERS] = {
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given.output, .argument = "FILE",
         .help = "the image to write"},
        {.name = "bits", .letter = 'b', .kind = CLI_TEXT, .value = &given.bits, .argument = "4|8|mixed",
         .help = "of a weight; mixed: 4 or 8, matrix by matrix (what it was tuned for, or 8)"},
        {.name = "max-bytes", .kind = CLI_COUNT, .value = &given.max_bytes, .argument = "N", .least = 1, .most = 4e9,
         .help = "of an image with mixed bits: 900k, 1M, 1MiB (loses at most 0.1 % over 8 bits)"},
        {.name = "name", .kind = CLI_TEXT, .value = &given.name, .argument = "NAME",
         .help = "what the board calls it (the model's name)"},
        {.name = "calibrate", .kind = CLI_LIST, .value = &given.calibration, .argument = "TEXT",
         .help = "text to measure activations and losses on (an excerpt of the training text)"},
        {.name = "nearest", .kind = CLI_FLAG, .value = &given.nearest,
         .help = "4 bits: round each weight by itself, without error feedback (to compare with)"},
        {.name = "key-bits", .kind = CLI_COUNT, .value = &given.key_bits, .argument = "8|12", .least = 8, .most = 12,
         .help = "of a transformer's keys in a session (12 where they stay small, else 8)"},
        {.name = "by-row", .kind = CLI_FLAG, .value = &given.by_row,
         .help = "keep all matrices by row, so that no zeros of ReLU are skipped (vector units read rows faster)"},
        {.name = "golden-prompt", .kind = CLI_TEXT, .value = &given.golden_prompt, .argument = "TEXT",
         .help = "prompt of the golden vector (the first words of the calibration text)"},
        {.name = "golden-seed", .kind = CLI_COUNT, .value = &given.golden_seed, .argument = "N", .most = 4294967295.0,
         .help = "seed of the golden vector"},
        {.name = "threads", .letter = 'j', .kind = CLI_COUNT, .value = &given.threads, .argument = "N", .least = 1,
         .most = 64, .help = "cores to measure on; the image does not depend on it"},
    };
    /* clang-format on */
    cli_sampling_numbers(options + OWN_OPTIONS, &given.sampling);
    cli_list operands = {0};
    int status = cli_parse(&cli_pack, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_pack, "give one model directory");
    else if (status < 0 && !given.output)
        status = cli_misused(&cli_pack, "say where to write: -o FILE");
    if (status < 0)
        status = check_bits(&given);
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
    .details = "Weights become int8 with a scale a row (or int4, with another for every 64 columns); the ranges of\n"
               "activations are measured on an excerpt of the training text. With --bits mixed the integer runtime\n"
               "measures what 4 bits cost in each matrix, and the bytes that there are go where they bring the most.\n"
               "How it is sampled unless told otherwise is in the image; docs/SAMPLING.md has the defaults.\n"
               "The same model gives the same image, byte for byte.",
    .examples = "  dogberry pack model -o model.dog\n  dogberry pack bard -o bard.dog --name bard --temperature 0.7\n"
                "  dogberry pack bard --bits mixed --max-bytes 1M -o bard.dog",
    .run = run,
};
