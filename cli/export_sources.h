/*
 * dogberry export in all forms but uf2: a model as a folder of sources.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_EXPORT_SOURCES_H
#define CLI_EXPORT_SOURCES_H

#include <stdbool.h>

#include "commands.h"

typedef struct {
    const char *to; /* a form that cli_export_has_form() knows */
    const char *output;
    const char *board; /* NULL: one that goes with the form */
    const char *url;   /* arduino: a page about the library, http:// or https://; NULL: none */
    bool as_float;     /* form "c": of a model directory */
    bool force;        /* into a folder that has files */
} cli_sources_settings;

/* The forms' names, parted by spaces. */
#define CLI_SOURCES_FORMS "c arduino platformio esp-idf pico-sdk zephyr"

/* Whether `name` is a form of sources. */
bool cli_export_has_form(const char *name);

/* Writes the folder for the image in a file (as_float: the model directory) and says what was written.
 * Returns the exit status. */
int cli_export_sources(const char *path, const cli_sources_settings *given);

#endif
