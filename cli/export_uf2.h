/*
 * dogberry export --to uf2: firmware and models, or models alone, for a board with a boot drive.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_EXPORT_UF2_H
#define CLI_EXPORT_UF2_H

#include <stdbool.h>

#include "commands.h"

typedef struct {
    const char *output, *board;
    const char *firmware; /* NULL: the one that was built beside the program */
    const char *append;   /* an earlier UF2 file to go on behind, or NULL */
    unsigned long slot;   /* where the first model goes unless appended */
    bool model_only;
} cli_uf2_settings;

/* Writes the images in the files `images` (at least one) to one UF2 file and says what was written.
 * Returns the exit status. */
int cli_export_uf2(const char *const *images, size_t count, const cli_uf2_settings *given);

#endif
