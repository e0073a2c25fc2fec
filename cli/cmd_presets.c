/*
 * dogberry presets: the sizes to choose from.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "commands.h"
#include "nn/config.h"

static int run(int argc, char **argv)
{
    cli_list operands = {0};
    int status = cli_parse(&cli_presets, NULL, 0, argc, argv, &operands);
    if (status < 0 && operands.count)
        status = cli_misused(&cli_presets, "this command takes no arguments");
    cli_list_free(&operands);
    if (status >= 0)
        return status;
    printf("%-14s %8s %9s %7s %7s %11s  %s\n", "preset", "vocab", "embedding", "hidden", "layers", "parameters", "for");
    for (const db_preset *preset = db_presets(); preset->name; preset++) {
        db_layout layout;
        const db_model_config *config = &preset->config;
        db_layout_make(&layout, config);
        printf("%-14s %8u %9u %7u %7u %11zu  %s\n", preset->name, config->vocab, config->embedding, config->hidden,
               config->layers, layout.trained, preset->purpose);
    }
    return 0;
}

const cli_command cli_presets = {
    .name = "presets",
    .synopsis = "",
    .summary = "the model sizes there are",
    .details = NULL,
    .examples = "  dogberry presets",
    .run = run,
};
