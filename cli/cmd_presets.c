/*
 * dogberry presets: the sizes to choose from, and which of them a board could hold.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>

#include "boards/plan.h"
#include "boards/shape.h"
#include "commands.h"
#include "firmware_file.h"
#include "plan_view.h"
#include "nn/config.h"

static json_t *preset_json(const db_preset *preset)
{
    const db_model_config *config = &preset->config;
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:I}", "preset", preset->name, "for", preset->purpose,
                     "vocabulary_size", (int)config->vocab, "embedding_size", (int)config->embedding, "hidden_size",
                     (int)config->hidden, "layers", (int)config->layers, "parameters",
                     (json_int_t)db_model_config_trained(config));
}

static void print_sizes(const db_preset *preset)
{
    const db_model_config *config = &preset->config;
    printf("%-14s %8u %9u %7u %7u %11zu  %s\n", preset->name, config->vocab, config->embedding, config->hidden,
           config->layers, db_model_config_trained(config), preset->purpose);
}

/* ---- On a board ---- */

static json_t *packed_json(const db_plan *plan)
{
    json_t *object = json_pack("{s:b, s:I, s:I}", "fits", plan->fits, "estimated_image_bytes",
                               (json_int_t)plan->image_bytes, "session_bytes", (json_int_t)plan->session_bytes);
    json_object_update_new(object, cli_speed_json(plan));
    return object;
}

static void print_packed(const char *name, uint32_t bits, const db_plan *plan)
{
    char speed[32];
    snprintf(speed, sizeof speed, "%.1f-%.1f", plan->tokens_per_second_least, plan->tokens_per_second);
    printf("%-14s %4u %-4s %11u %9zu %12llu %14s\n", name, bits, plan->fits ? "yes" : "no", plan->image_bytes,
           plan->session_bytes, (unsigned long long)plan->cost.image_bytes, speed);
}

/* A preset at 8 and at 4 bits; into `object` where that is not NULL, else printed. */
static void plan_preset(const db_preset *preset, const db_board *board, const db_firmware *firmware, json_t *object)
{
    for (uint32_t bits = 8; bits >= 4; bits -= 4) {
        dogberry_image shape;
        db_plan plan;
        if (!db_shape_make(&shape, &preset->config, preset->tokenizer, bits)) {
            if (!object && bits == 8)
                printf("%-14s    no integer code for this architecture in this build\n", preset->name);
            continue;
        }
        db_plan_make(&plan, &shape, board, firmware);
        if (object)
            json_object_set_new(object, bits == 8 ? "int8" : "int4", packed_json(&plan));
        else
            print_packed(preset->name, bits, &plan);
    }
}

static int list(const char *board_name, bool json)
{
    const db_board *board = NULL;
    db_error error;
    db_firmware firmware = {0};
    if (board_name && !(board = cli_board_find(board_name, &error)))
        return cli_failed(&cli_presets, error.message);
    bool known = board && cli_firmware_read(&firmware, NULL, board, &error) == 0;
    json_t *all = json_array();
    if (!json && board)
        printf("%s\n%-14s %4s %-4s %11s %9s %12s %14s\n", board->title, "preset", "bits", "fits", "image bytes",
               "session", "read a token", "tokens/s");
    else if (!json)
        printf("%-14s %8s %9s %7s %7s %11s  %s\n", "preset", "vocab", "embedding", "hidden", "layers", "parameters",
               "for");
    for (const db_preset *preset = db_presets(); preset->name; preset++) {
        json_t *object = json ? preset_json(preset) : NULL;
        if (board)
            plan_preset(preset, board, known ? &firmware : NULL, object);
        else if (!json)
            print_sizes(preset);
        if (json)
            json_array_append_new(all, object);
    }
    if (json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (board) {
        printf("\nImage bytes are computed from the shapes; the tokenizer's and the provenance's part of them, which\n"
               "depend on the text, are estimated. Speed is modelled (`dogberry plan` says from what); what a\n"
               "transformer does with keys and values is not counted.\n");
    }
    json_decref(all);
    db_firmware_free(&firmware);
    return 0;
}

static int run(int argc, char **argv)
{
    const char *board = NULL;
    bool json = false;
    /* clang-format off */
    cli_option options[] = {
        {.name = "board", .letter = 'b', .kind = CLI_TEXT, .value = &board, .argument = "NAME",
         .help = "what would fit there, with 8 and with 4 bits"},
        {.name = "json", .kind = CLI_FLAG, .value = &json, .help = "JSON instead of text"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_presets, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count)
        status = cli_misused(&cli_presets, "this command takes options only");
    cli_list_free(&operands);
    return status >= 0 ? status : list(board, json);
}

const cli_command cli_presets = {
    .name = "presets",
    .synopsis = "[--board NAME]",
    .summary = "the model sizes there are",
    .details = NULL,
    .examples = "  dogberry presets\n  dogberry presets --board esp32c3",
    .run = run,
};
