/* SPDX-License-Identifier: MIT */
#include "boards/uf2_export.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "boards/plan.h"
#include "boards/uf2.h"

uint32_t db_slots(size_t bytes)
{
    return (uint32_t)((bytes + DOGBERRY_STORE_ALIGNMENT - 1) / DOGBERRY_STORE_ALIGNMENT);
}

/* Each by itself, as if it were alone in the store, and its name against those before it. */
static int check_image(const dogberry_image *const *images, size_t index, const db_board *board,
                       const db_firmware *firmware, db_error *error)
{
    const char *name = images[index]->name;
    db_plan plan;
    for (size_t i = 0; i < index; i++)
        if (strcmp(images[i]->name, name) == 0)
            return db_fail(error, "%s: two images are called '%s'; pack one again under another name", board->name,
                           name);
    db_plan_make(&plan, images[index], board, firmware);
    if (!plan.fits)
        return db_fail(error, "%s: '%s' %s; %s", board->name, name, plan.verdict, plan.advice);
    return 0;
}

static int check_space(uint64_t end, const db_board *board, db_error *error)
{
    if (end <= board->flash_bytes)
        return 0;
    return db_fail(error,
                   "%s: the models do not fit together: they would end at byte %llu of flash, which has %u, %llu too "
                   "many; leave one out or start at an earlier slot",
                   board->name, (unsigned long long)end, board->flash_bytes,
                   (unsigned long long)(end - board->flash_bytes));
}

int db_export_uf2(const dogberry_image *const *images, size_t count, uint32_t slot, const db_board *board,
                  const db_firmware *firmware, uint8_t **bytes, size_t *length, db_error *error)
{
    if (board->uf2_family == 0)
        return db_fail(error, "%s: this board does not take UF2 files", board->name);
    const uint32_t store = firmware ? firmware->model_offset : board->model_offset;
    uint64_t at = store + (uint64_t)slot * DOGBERRY_STORE_ALIGNMENT;
    db_uf2_part *parts = db_allocate((count + 1) * sizeof *parts);
    size_t n = 0;
    int result = 0;
    if (firmware)
        parts[n++] = (db_uf2_part){board->flash_address, firmware->bytes, firmware->length};
    for (size_t i = 0; i < count && result == 0; i++) {
        result = check_image(images, i, board, firmware, error);
        parts[n++] = (db_uf2_part){(uint32_t)(board->flash_address + at), images[i]->source.bytes, images[i]->length};
        at += (uint64_t)db_slots(images[i]->length) * DOGBERRY_STORE_ALIGNMENT;
        if (result == 0)
            result = check_space(at, board, error);
    }
    if (result == 0)
        db_uf2_make(parts, n, board->uf2_family, bytes, length);
    free(parts);
    return result;
}

int db_uf2_next_slot(const uint8_t *bytes, size_t length, const db_board *board, const char *where, uint32_t *slot,
                     db_error *error)
{
    const uint64_t store = (uint64_t)board->flash_address + board->model_offset;
    uint64_t end = 0;
    db_uf2 file;
    if (db_uf2_parse(&file, bytes, length, where, error) != 0)
        return -1;
    if (file.count > 0)
        end = file.parts[file.count - 1].address + (uint64_t)file.parts[file.count - 1].length;
    const uint32_t family = file.family;
    db_uf2_free(&file);
    if (family != board->uf2_family)
        return db_fail(error, "%s: is not for %s", where, board->title);
    if (end <= store || end > (uint64_t)board->flash_address + board->flash_bytes)
        return db_fail(error, "%s: writes no models", where);
    *slot = db_slots((size_t)(end - store));
    return 0;
}
