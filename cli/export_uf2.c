/*
 * Reads the images, lays them out behind one another, writes the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "export_uf2.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "boards/uf2_export.h"
#include "firmware_file.h"
#include "image_file.h"

static int first_slot(const cli_uf2_settings *given, const db_board *board, uint32_t *slot, db_error *error)
{
    void *bytes;
    size_t length;
    *slot = (uint32_t)given->slot;
    if (given->slot > board->flash_bytes / DOGBERRY_STORE_ALIGNMENT)
        return db_fail(error, "--slot %lu is beyond the flash of %s", given->slot, board->title);
    if (!given->append)
        return 0;
    if (db_file_read(given->append, &bytes, &length, error))
        return -1;
    int result = db_uf2_next_slot(bytes, length, board, given->append, slot, error);
    free(bytes);
    return result;
}

static void report(const cli_image *files, size_t count, uint32_t slot, const cli_uf2_settings *given,
                   const db_board *board)
{
    printf("Wrote %s for %s: %s\n", given->output, board->title,
           given->model_only ? "models alone" : "firmware and models");
    for (size_t i = 0; i < count; i++) {
        printf("  slot %u: %s, %u bytes\n", slot, files[i].image.name, files[i].image.length);
        slot += db_slots(files[i].image.length);
    }
    printf("To add a model later: --model-only --slot %u, or --append %s.\n", slot, given->output);
    printf("Hold BOOTSEL while you plug the board in, and copy the file to the drive that appears.\n");
}

int cli_export_uf2(const char *const *images, size_t count, const cli_uf2_settings *given)
{
    cli_image *files = db_allocate(count * sizeof *files);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers */
    const dogberry_image **opened = db_allocate(count * sizeof *opened);
    db_firmware firmware = {0};
    db_error error;
    uint8_t *bytes = NULL;
    size_t length, read = 0;
    uint32_t slot = 0;
    int status = 1;
    const db_board *board = cli_board_find(given->board, &error);
    bool failed = board == NULL;
    while (read < count && !failed) {
        failed = cli_image_open(&files[read], images[read], &error) != 0;
        opened[read] = &files[read].image;
        read++;
    }
    if (failed || first_slot(given, board, &slot, &error) ||
        (!given->model_only && cli_firmware_read(&firmware, given->firmware, board, &error)) ||
        db_export_uf2(opened, count, slot, board, given->model_only ? NULL : &firmware, &bytes, &length, &error) ||
        db_file_write(given->output, bytes, length, &error)) {
        cli_failed(&cli_export, error.message);
    } else {
        report(files, count, slot, given, board);
        status = 0;
    }
    free(bytes);
    db_firmware_free(&firmware);
    for (size_t i = 0; i < read; i++)
        cli_image_close(&files[i]);
    free(opened);
    free(files);
    return status;
}
