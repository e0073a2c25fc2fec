/*
 * dogberry import: other programs' models into model directories.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "import_files.h"
#include "texts.h"

enum { CALIBRATION_BYTES = 64 * 1024 };

typedef struct {
    const char *output, *tokenizer, *name;
    cli_list texts;
} settings;

/* Copies the last part of a path, without its ending, as far as there is room, never half a character. */
static void name_after(char name[33], const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    const char *last = path + length;
    while (last > path && last[-1] != '/')
        last--;
    length -= (size_t)(last - path);
    const char *dot = memchr(last, '.', length);
    if (dot && dot > last)
        length = (size_t)(dot - last);
    if (length > 32)
        length = 32;
    while (length > 0 && ((unsigned char)last[length] & 0xC0) == 0x80)
        length--;
    memcpy(name, last, length);
    name[length] = 0;
}

static int take_calibration(db_model_dir *model, const settings *given, db_error *error)
{
    db_corpus texts = {0};
    if (given->texts.count == 0) {
        cli_import_calibrate(model);
        return 0;
    }
    const int failed = cli_texts_read(&texts, &given->texts, false, error);
    if (!failed)
        db_model_dir_set_calibration(model, &texts, CALIBRATION_BYTES);
    db_corpus_free(&texts);
    return failed;
}

static void report(const db_model_dir *model, const settings *given, size_t lost, size_t empty)
{
    const db_model_config *c = &model->config;
    printf("Wrote %s: %s, %zu parameters, %u tokens, width %u, %u layers, context %u.\n", given->output, model->name,
           model->layout.parameters, c->vocab, c->embedding, c->layers, c->context);
    if (lost)
        printf(
            "%zu tokens of this vocabulary cross what is encoded as one piece here: the model may write them, but text "
            "is read with shorter ones.\n",
            lost);
    if (empty)
        printf("%zu tokens without a text were left out.\n", empty);
    printf("Calibration text: %s.\n", given->texts.count ? "an excerpt of what was given" : "what the model says");
}

static int import(const char *kind, const char *path, const settings *given, db_error *error)
{
    db_model_dir model = {0};
    size_t lost = 0, empty = 0;
    int failed = strcmp(kind, "llama2c") == 0 ? cli_import_llama2c(&model, path, given->tokenizer, &lost, error)
                                              : cli_import_rp2040(&model, path, &empty, error);
    if (!failed && given->name && strlen(given->name) >= sizeof model.name)
        failed = db_fail(error, "--name: longer than %zu bytes", sizeof model.name - 1);
    if (!failed) {
        if (given->name)
            memcpy(model.name, given->name, strlen(given->name) + 1);
        else
            name_after(model.name, path);
        failed = take_calibration(&model, given, error) || db_model_dir_save(&model, given->output, error);
    }
    if (!failed)
        report(&model, given, lost, empty);
    db_model_dir_free(&model);
    return failed;
}

/* What the operands and options do not make sense without. Returns -1, or the exit status. */
static int check(const cli_list *operands, const settings *given)
{
    if (operands->count != 2)
        return cli_misused(&cli_import, "give a kind, llama2c or rp2040, and one model");
    const char *kind = operands->items[0];
    if (strcmp(kind, "llama2c") != 0 && strcmp(kind, "rp2040") != 0)
        return cli_misused(&cli_import, "%s: only llama2c and rp2040 are known", kind);
    if (!given->output)
        return cli_misused(&cli_import, "say where to write: -o DIR");
    if (strcmp(kind, "llama2c") == 0 && !given->tokenizer)
        return cli_misused(&cli_import, "a llama2c checkpoint needs its tokenizer: --tokenizer FILE");
    if (strcmp(kind, "rp2040") == 0 && given->tokenizer)
        return cli_misused(&cli_import, "--tokenizer: an rp2040 model has its vocabulary in its folder");
    return -1;
}

static int run(int argc, char **argv)
{
    settings given = {0};
    /* clang-format off */
    cli_option options[] = {
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given.output, .argument = "DIR",
         .help = "the model directory to write"},
        {.name = "tokenizer", .kind = CLI_TEXT, .value = &given.tokenizer, .argument = "FILE",
         .help = "llama2c: the tokenizer.bin that belongs to the checkpoint"},
        {.name = "name", .kind = CLI_TEXT, .value = &given.name, .argument = "NAME",
         .help = "what the model is called (after its file)"},
        {.name = "text", .kind = CLI_LIST, .value = &given.texts, .argument = "TEXT",
         .help = "text like the training text, to measure activations on when packing (what the model says)"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_import, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0)
        status = check(&operands, &given);
    if (status < 0) {
        db_error error;
        status =
            import(operands.items[0], operands.items[1], &given, &error) ? cli_failed(&cli_import, error.message) : 0;
    }
    cli_list_free(&given.texts);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_import = {
    .name = "import",
    .synopsis = "llama2c FILE --tokenizer FILE | rp2040 FOLDER -o DIR",
    .summary = "make a model directory of another program's model",
    .details = "llama2c: a version 0 checkpoint of llama2.c, with its tokenizer. rp2040: a folder of\n"
               "tiny-transformers-rp2040 with a model_*.bin and its vocab_*.bin. docs/IMPORT.md says more.",
    .examples = "  dogberry import llama2c stories260K.bin --tokenizer tok512.bin -o stories260k\n"
                "  dogberry import rp2040 models/v4/assistant-45k -o assistant",
    .run = run,
};
