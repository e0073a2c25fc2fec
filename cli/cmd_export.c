/*
 * dogberry export: an image in the form that a board or a build system takes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "commands.h"
#include "export_sources.h"
#include "export_uf2.h"

/* Without blanks and control characters, so that it is one word of one line. */
static bool is_url(const char *text)
{
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return false;
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at == 0x7F)
            return false;
    return strlen(text) > 8;
}

/* What is wrong with the options of a form of sources. Returns -1 where nothing is. */
static int check_sources(const cli_sources_settings *given, size_t images)
{
    if (images != 1)
        return cli_misused(&cli_export, "--to %s takes one %s", given->to,
                           given->as_float ? "model directory" : "image");
    if (given->as_float && strcmp(given->to, "c") != 0)
        return cli_misused(&cli_export, "--float goes with --to c");
    if (given->url && strcmp(given->to, "arduino") != 0)
        return cli_misused(&cli_export, "--url goes with --to arduino");
    if (given->url && !is_url(given->url))
        return cli_misused(&cli_export, "--url takes a web address, as https://example.org/my-model");
    return -1;
}

static int check_uf2(const cli_uf2_settings *given, const cli_sources_settings *sources)
{
    if (sources->as_float || sources->force)
        return cli_misused(&cli_export, "%s with --to c", sources->as_float ? "--float goes" : "--force goes");
    if (sources->url)
        return cli_misused(&cli_export, "--url goes with --to arduino");
    if (!given->model_only && (given->append || given->slot > 0))
        return cli_misused(&cli_export, "--slot and --append go with --model-only");
    if (given->append && given->slot > 0)
        return cli_misused(&cli_export, "--slot or --append, not both");
    return -1;
}

static int run(int argc, char **argv)
{
    cli_uf2_settings given = {.model_only = false};
    cli_sources_settings sources = {.to = "uf2"};
    /* clang-format off */
    cli_option options[] = {
        {.name = "to", .kind = CLI_TEXT, .value = &sources.to, .argument = "FORM",
         .help = "uf2 " CLI_SOURCES_FORMS},
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given.output, .argument = "PATH",
         .help = "where to write: a file for uf2, else a folder"},
        {.name = "board", .letter = 'b', .kind = CLI_TEXT, .value = &given.board, .argument = "NAME",
         .help = "the board (default for uf2: rp2040)"},
        {.name = "model-only", .kind = CLI_FLAG, .value = &given.model_only,
         .help = "replace or add models on a board that has the firmware"},
        {.name = "slot", .kind = CLI_COUNT, .value = &given.slot, .argument = "N", .most = 1e6,
         .help = "put the first model there (with --model-only); /models on the board lists the slots"},
        {.name = "append", .kind = CLI_TEXT, .value = &given.append, .argument = "FILE",
         .help = "put the models behind those of an earlier UF2 file (with --model-only)"},
        {.name = "firmware", .kind = CLI_TEXT, .value = &given.firmware, .argument = "FILE",
         .help = "the firmware's binary (the one that was built with this program)"},
        {.name = "float", .kind = CLI_FLAG, .value = &sources.as_float,
         .help = "c: of a model directory, float weights with the names of the first Dogberry"},
        {.name = "url", .kind = CLI_TEXT, .value = &sources.url, .argument = "URL",
         .help = "arduino: a page about your library, which the Arduino IDE links to"},
        {.name = "force", .kind = CLI_FLAG, .value = &sources.force,
         .help = "replace files in a folder that is not empty"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_export, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count == 0)
        status = cli_misused(&cli_export, "name at least one image");
    bool in_sources = cli_export_has_form(sources.to);
    if (status < 0 && !in_sources && strcmp(sources.to, "uf2") != 0)
        status = cli_misused(&cli_export, "--to %s: there is no such form; known: uf2 " CLI_SOURCES_FORMS, sources.to);
    else if (status < 0 && !given.output)
        status = cli_misused(&cli_export, "say where to write: -o PATH");
    if (status < 0)
        status = in_sources ? check_sources(&sources, operands.count) : check_uf2(&given, &sources);
    sources.output = given.output;
    sources.board = given.board;
    if (!given.board)
        given.board = "rp2040";
    if (status < 0)
        status = in_sources ? cli_export_sources(operands.items[0], &sources)
                            : cli_export_uf2(operands.items, operands.count, &given);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_export = {
    .name = "export",
    .synopsis = "IMAGE... --to FORM -o PATH [--board NAME] [--model-only [--slot N | --append FILE]]",
    .summary = "write what a board is flashed with, or sources to build with",
    .details =
        "Several images share the flash; the firmware finds them by itself. Each begins at a slot of 4096 bytes.\n"
        "With --model-only nothing but the slots of these images is written.",
    .examples = "  dogberry export model.dog --to uf2 -o model.uf2\n"
                "  dogberry export other.dog --to uf2 --model-only -o other.uf2\n"
                "  dogberry export a.dog b.dog --to uf2 --model-only --append model.uf2 -o more.uf2\n"
                "  dogberry export model.dog --to c -o model-in-c\n"
                "  dogberry export model --to c --float -o weights\n"
                "  dogberry export model.dog --to arduino -o Dogberry",
    .run = run,
};
