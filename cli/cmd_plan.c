/*
 * dogberry plan: what an image needs on a board, before anything is flashed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>

#include "boards/plan.h"
#include "commands.h"
#include "firmware_file.h"
#include "image_file.h"

static void print_json(const db_plan *plan)
{
    json_t *object = json_pack(
        "{s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:s, s:s}", "board",
        plan->board->name, "fits", plan->fits, "firmware_known", plan->has_firmware, "firmware_bytes",
        (json_int_t)plan->firmware_bytes, "model_offset", (json_int_t)plan->model_offset, "image_bytes",
        (json_int_t)plan->image_bytes, "flash_needed", (json_int_t)plan->flash_end, "flash_bytes",
        (json_int_t)plan->flash_bytes, "session_bytes", (json_int_t)plan->session_bytes, "arena_bytes",
        (json_int_t)plan->arena_bytes, "static_bytes", (json_int_t)plan->static_bytes, "stack_bytes",
        (json_int_t)plan->stack_bytes, "ram_needed", (json_int_t)plan->ram_needed, "ram_bytes",
        (json_int_t)plan->ram_bytes, "modelled_cycles_per_token", plan->cycles_per_token, "modelled_tokens_per_second",
        plan->tokens_per_second, "verdict", plan->verdict, "advice", plan->advice);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static void print_plan(const db_plan *plan)
{
    printf("%s\n", plan->board->title);
    printf("  flash  firmware, reserved  %10u bytes", plan->model_offset);
    if (plan->has_firmware)
        printf("  (%u used)", plan->firmware_bytes);
    printf("\n         image               %10u bytes\n         in all              %10llu of %u bytes\n",
           plan->image_bytes, (unsigned long long)plan->flash_end, plan->flash_bytes);
    printf("  RAM    session             %10zu bytes", plan->session_bytes);
    if (plan->has_firmware)
        printf("  (the firmware's arena has %u)\n         firmware            %10u bytes\n         stack               "
               "%10u bytes",
               plan->arena_bytes, plan->static_bytes, plan->stack_bytes);
    printf("\n         in all              %10llu of %u bytes\n", (unsigned long long)plan->ram_needed,
           plan->ram_bytes);
    printf("  speed  about %.1f tokens/s at %u MHz (modelled: %s)\n", plan->tokens_per_second,
           plan->board->clock_hz / 1000000, plan->board->basis);
    printf("%s\n", plan->verdict);
    if (plan->advice[0])
        printf("%s\n", plan->advice);
}

static int plan_image(const char *path, const char *board_name, const char *firmware_path, bool json)
{
    cli_image file;
    db_error error;
    db_firmware firmware = {0};
    db_plan plan;
    int status = 1;
    const db_board *board = NULL;
    if (cli_image_open(&file, path, &error) || !(board = cli_board_find(board_name, &error)) ||
        (firmware_path && db_firmware_read(&firmware, firmware_path, &error))) {
        cli_failed(&cli_plan, error.message);
    } else {
        bool known = firmware_path || cli_firmware_read(&firmware, NULL, board, &error) == 0;
        db_plan_make(&plan, &file.image, board, known ? &firmware : NULL);
        if (json)
            print_json(&plan);
        else
            print_plan(&plan);
        status = plan.fits ? 0 : 1;
    }
    db_firmware_free(&firmware);
    cli_image_close(&file);
    return status;
}

static int run(int argc, char **argv)
{
    const char *board = "rp2040", *firmware = NULL;
    bool json = false;
    /* clang-format off */
    cli_option options[] = {
        {.name = "board", .letter = 'b', .kind = CLI_TEXT, .value = &board, .argument = "NAME", .help = "the board"},
        {.name = "firmware", .kind = CLI_TEXT, .value = &firmware, .argument = "FILE",
         .help = "the firmware's binary (the one that was built with this program)"},
        {.name = "json", .kind = CLI_FLAG, .value = &json, .help = "one JSON object instead of text"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_plan, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_plan, "give one image");
    if (status < 0)
        status = plan_image(operands.items[0], board, firmware, json);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_plan = {
    .name = "plan",
    .synopsis = "IMAGE [--board NAME]",
    .summary = "flash, RAM and speed of an image on a board",
    .details = "Bytes are exact and equal to what the device uses; speed is modelled. Ends with status 1\n"
               "when the image does not fit, and says what to do.",
    .examples = "  dogberry plan model.dog --board rp2040\n  dogberry plan model.dog --board pico2 --json",
    .run = run,
};
