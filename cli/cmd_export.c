/*
 * dogberry export: an image in the form that a board takes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "commands.h"
#include "export_uf2.h"

static int run(int argc, char **argv)
{
    const char *to = "uf2";
    cli_uf2_settings given = {.board = "rp2040"};
    /* clang-format off */
    cli_option options[] = {
        {.name = "to", .kind = CLI_TEXT, .value = &to, .argument = "FORM", .help = "uf2"},
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given.output, .argument = "FILE",
         .help = "where to write"},
        {.name = "board", .letter = 'b', .kind = CLI_TEXT, .value = &given.board, .argument = "NAME",
         .help = "the board"},
        {.name = "model-only", .kind = CLI_FLAG, .value = &given.model_only,
         .help = "replace or add models on a board that has the firmware"},
        {.name = "slot", .kind = CLI_COUNT, .value = &given.slot, .argument = "N", .most = 1e6,
         .help = "put the first model there (with --model-only); /models on the board lists the slots"},
        {.name = "append", .kind = CLI_TEXT, .value = &given.append, .argument = "FILE",
         .help = "put the models behind those of an earlier UF2 file (with --model-only)"},
        {.name = "firmware", .kind = CLI_TEXT, .value = &given.firmware, .argument = "FILE",
         .help = "the firmware's binary (the one that was built with this program)"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_export, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count == 0)
        status = cli_misused(&cli_export, "name at least one image");
    else if (status < 0 && strcmp(to, "uf2") != 0)
        status = cli_misused(&cli_export, "--to %s: only uf2 is known", to);
    else if (status < 0 && !given.output)
        status = cli_misused(&cli_export, "say where to write: -o FILE");
    else if (status < 0 && !given.model_only && (given.append || given.slot > 0))
        status = cli_misused(&cli_export, "--slot and --append go with --model-only");
    else if (status < 0 && given.append && given.slot > 0)
        status = cli_misused(&cli_export, "--slot or --append, not both");
    if (status < 0)
        status = cli_export_uf2(operands.items, operands.count, &given);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_export = {
    .name = "export",
    .synopsis = "IMAGE... --to uf2 -o FILE [--board NAME] [--model-only [--slot N | --append FILE]]",
    .summary = "write the file that a board is flashed with",
    .details =
        "Several images share the flash; the firmware finds them by itself. Each begins at a slot of 4096 bytes.\n"
        "With --model-only nothing but the slots of these images is written.",
    .examples = "  dogberry export model.dog --to uf2 -o model.uf2\n"
                "  dogberry export other.dog --to uf2 --model-only -o other.uf2\n"
                "  dogberry export a.dog b.dog --to uf2 --model-only --append model.uf2 -o more.uf2",
    .run = run,
};
