/* SPDX-License-Identifier: MIT */
#include "export_sources.h"

#include <stdio.h>
#include <string.h>

#include "boards/plan.h"
#include "export/c_float.h"
#include "export/c_image.h"
#include "export/names.h"
#include "export/package.h"
#include "export/template.h"
#include "firmware_file.h"
#include "image_file.h"
#include "interop/model_dir.h"

typedef struct {
    const char *name;
    const char *board; /* whose flash must hold the image, unless another is named */
    const char *what;  /* for people */
    bool has_runtime;  /* self-contained: the runtime's sources, and the model as src/dogberry_model.c */
    const char *templates[2];
} form;

static const form FORMS[] = {
    {"c", "esp32s3-n16r8", "the model as C sources with an example", false, {"c"}},
    {"arduino", "esp32s3-n16r8", "an Arduino library with the model inside", true, {"arduino", "class"}},
    {"platformio", "esp32s3-n16r8", "a PlatformIO library with the model inside", true, {"platformio", "class"}},
    {"esp-idf", "esp32s3-n16r8", "an ESP-IDF component with the model inside", true, {"esp-idf"}},
    {"pico-sdk", "rp2040", "a library for the Pico SDK with the model inside", true, {"pico-sdk"}},
    {"zephyr", "nrf52840", "a Zephyr module with the model inside", true, {"zephyr"}},
};

static const form *form_find(const char *name)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++)
        if (strcmp(FORMS[i].name, name) == 0)
            return &FORMS[i];
    return NULL;
}

bool cli_export_has_form(const char *name)
{
    return form_find(name) != NULL;
}

/* Writes what was made, and says so. Returns the exit status. */
static int write_package(db_package *package, const cli_sources_settings *given, const char *what)
{
    db_error error;
    if (db_package_write(package, given->output, given->force, &error))
        return cli_failed(&cli_export, error.message);
    printf("Wrote %s: %s, %zu files.\n", given->output, what, package->count);
    return 0;
}

static int export_float(const char *path, const cli_sources_settings *given)
{
    db_model_dir model;
    db_package package = {0};
    db_error error;
    int status;
    if (db_model_dir_load(&model, path, &error) || db_c_float_add(&package, &model, &error))
        status = cli_failed(&cli_export, error.message);
    else
        status = write_package(&package, given, "headers of float weights and words");
    db_package_free(&package);
    db_model_dir_free(&model);
    return status;
}

/* Opens the image and plans it; one that the board cannot hold is refused. */
static int open_planned(cli_image *file, db_plan *plan, const char *path, const char *board_name, db_error *error)
{
    const db_board *board;
    if (cli_image_open(file, path, error) || !(board = cli_board_find(board_name, error)))
        return -1;
    db_plan_make(plan, &file->image, board, NULL);
    return plan->fits ? 0 : db_fail(error, "%s: %s; %s", board->name, plan->verdict, plan->advice);
}

static void make(db_package *package, const form *chosen, const dogberry_image *image, const char *url)
{
    char prefix[DB_IDENTIFIER_MAX];
    db_identifier(prefix, chosen->has_runtime ? "dogberry" : image->name);
    db_c_image_add(package, chosen->has_runtime ? "src/" : "", prefix, image);
    for (size_t i = 0; i < 2 && chosen->templates[i]; i++)
        db_templates_add(package, chosen->templates[i], prefix, url ? url : "");
    if (chosen->has_runtime)
        db_runtime_add(package);
}

int cli_export_sources(const char *path, const cli_sources_settings *given)
{
    const form *chosen = form_find(given->to);
    cli_image file;
    db_package package = {0};
    db_plan plan;
    db_error error;
    int status;
    if (given->as_float)
        return export_float(path, given);
    if (open_planned(&file, &plan, path, given->board ? given->board : chosen->board, &error)) {
        status = cli_failed(&cli_export, error.message);
    } else {
        make(&package, chosen, &file.image, given->url);
        db_summary_add(&package, &file.image, &plan);
        status = write_package(&package, given, chosen->what);
    }
    db_package_free(&package);
    cli_image_close(&file);
    return status;
}
