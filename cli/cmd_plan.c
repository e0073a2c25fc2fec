/*
 * dogberry plan: what an image needs on a board, or on every board, before anything is flashed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>

#include "boards/plan.h"
#include "commands.h"
#include "firmware_file.h"
#include "image_file.h"
#include "plan_view.h"

typedef struct {
    const char *board, *firmware;
    bool json, explain;
} settings;

/* The firmware that was named, else the one that was built beside this program, else none. */
static int plan_on(db_plan *plan, const dogberry_image *image, const db_board *board, const char *named,
                   db_error *error)
{
    db_firmware firmware = {0};
    db_error unknown;
    if (named && db_firmware_read(&firmware, named, error))
        return -1;
    bool known = named || cli_firmware_read(&firmware, NULL, board, &unknown) == 0;
    db_plan_make(plan, image, board, known ? &firmware : NULL);
    db_firmware_free(&firmware);
    return 0;
}

static int plan_board(const dogberry_image *image, const settings *given)
{
    db_error error;
    db_plan plan;
    const db_board *board = cli_board_find(given->board, &error);
    if (!board || plan_on(&plan, image, board, given->firmware, &error))
        return cli_failed(&cli_plan, error.message);
    if (given->json) {
        json_t *object = cli_plan_json(&plan);
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
    } else if (given->explain) {
        cli_plan_explain(&plan, image);
    } else {
        cli_plan_print(&plan);
    }
    return plan.fits ? 0 : 1;
}

/* Every board. Returns 0 where the image fits one of them at least. */
static int plan_all(const dogberry_image *image, const settings *given)
{
    int status = 1;
    json_t *list = json_array();
    if (!given->json)
        cli_plan_heading();
    for (const db_board *board = db_boards(); board->name; board++) {
        db_plan plan;
        plan_on(&plan, image, board, NULL, NULL); /* fails on a named firmware alone */
        if (given->json)
            json_array_append_new(list, cli_plan_json(&plan));
        else
            cli_plan_row(&plan);
        if (plan.fits)
            status = 0;
    }
    if (given->json) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        cli_plan_footing();
    }
    json_decref(list);
    return status;
}

static int run(int argc, char **argv)
{
    settings given = {0};
    /* clang-format off */
    cli_option options[] = {
        {.name = "board", .letter = 'b', .kind = CLI_TEXT, .value = &given.board, .argument = "NAME",
         .help = "one board, in full (default: a line for each)"},
        {.name = "firmware", .kind = CLI_TEXT, .value = &given.firmware, .argument = "FILE",
         .help = "the firmware's binary (the one that was built with this program); needs --board"},
        {.name = "explain", .kind = CLI_FLAG, .value = &given.explain,
         .help = "where the time of a token goes; needs --board"},
        {.name = "json", .kind = CLI_FLAG, .value = &given.json, .help = "JSON instead of text"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_plan, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_plan, "give one image");
    else if (status < 0 && !given.board && (given.firmware || given.explain))
        status =
            cli_misused(&cli_plan, "%s: say which board: --board NAME", given.firmware ? "--firmware" : "--explain");
    if (status < 0) {
        cli_image file;
        db_error error;
        if (cli_image_open(&file, operands.items[0], &error))
            status = cli_failed(&cli_plan, error.message);
        else
            status = given.board ? plan_board(&file.image, &given) : plan_all(&file.image, &given);
        cli_image_close(&file);
    }
    cli_list_free(&operands);
    return status;
}

const cli_command cli_plan = {
    .name = "plan",
    .synopsis = "IMAGE [--board NAME [--explain]]",
    .summary = "flash, RAM and speed of an image on a board, or on all",
    .details = "Bytes are exact and equal to what the device uses; speed is modelled. Ends with status 1\n"
               "when the image does not fit (without --board: fits none), and says what to do.",
    .examples = "  dogberry plan model.dog\n  dogberry plan model.dog --board rp2040\n"
                "  dogberry plan model.dog --board esp32s3-n16r8 --explain",
    .run = run,
};
