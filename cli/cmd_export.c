/*
 * dogberry export: an image in the form that a board takes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "boards/plan.h"
#include "commands.h"
#include "firmware_file.h"
#include "image_file.h"

typedef struct {
    const char *to, *output, *board, *firmware;
    bool model_only;
} settings;

static int export_uf2(const char *path, const settings *given)
{
    cli_image file;
    db_error error;
    db_firmware firmware = {0};
    uint8_t *bytes = NULL;
    size_t length;
    int status = 1;
    const db_board *board = NULL;
    if (cli_image_open(&file, path, &error) || !(board = cli_board_find(given->board, &error)) ||
        (!given->model_only && cli_firmware_read(&firmware, given->firmware, board, &error)) ||
        db_export_uf2(&file.image, board, given->model_only ? NULL : &firmware, &bytes, &length, &error) ||
        db_file_write(given->output, bytes, length, &error)) {
        cli_failed(&cli_export, error.message);
    } else {
        printf("Wrote %s: %s for %s, %zu bytes.\n", given->output,
               given->model_only ? "the model alone" : "firmware and model", board->title, length);
        printf("Hold BOOTSEL while you plug the board in, and copy the file to the drive that appears.\n");
        status = 0;
    }
    free(bytes);
    db_firmware_free(&firmware);
    cli_image_close(&file);
    return status;
}

static int run(int argc, char **argv)
{
    settings given = {.to = "uf2", .board = "rp2040"};
    /* clang-format off */
    cli_option options[] = {
        {.name = "to", .kind = CLI_TEXT, .value = &given.to, .argument = "FORM", .help = "uf2"},
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given.output, .argument = "FILE",
         .help = "where to write"},
        {.name = "board", .letter = 'b', .kind = CLI_TEXT, .value = &given.board, .argument = "NAME",
         .help = "the board"},
        {.name = "model-only", .kind = CLI_FLAG, .value = &given.model_only,
         .help = "swap the model on a board that has the firmware"},
        {.name = "firmware", .kind = CLI_TEXT, .value = &given.firmware, .argument = "FILE",
         .help = "the firmware's binary (the one that was built with this program)"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_export, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_export, "give one image");
    else if (status < 0 && strcmp(given.to, "uf2") != 0)
        status = cli_misused(&cli_export, "--to %s: only uf2 is known", given.to);
    else if (status < 0 && !given.output)
        status = cli_misused(&cli_export, "say where to write: -o FILE");
    if (status < 0)
        status = export_uf2(operands.items[0], &given);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_export = {
    .name = "export",
    .synopsis = "IMAGE --to uf2 -o FILE [--board NAME] [--model-only]",
    .summary = "write the file that a board is flashed with",
    .details = NULL,
    .examples = "  dogberry export model.dog --to uf2 -o model.uf2\n"
                "  dogberry export other.dog --to uf2 --model-only -o other.uf2",
    .run = run,
};
