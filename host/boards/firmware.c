/* SPDX-License-Identifier: MIT */
#include "boards/firmware.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { SEARCHED_BYTES = 4096, BLOCK_BYTES = 32, BLOCK_VERSION = 1, SECTOR = 4096 };

static uint32_t word_at(const uint8_t *bytes, size_t index)
{
    const uint8_t *at = bytes + 4 * index;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static const uint8_t *find_block(const uint8_t *bytes, size_t length)
{
    size_t end = length < SEARCHED_BYTES ? length : SEARCHED_BYTES;
    for (size_t at = 0; at + BLOCK_BYTES <= end; at += 4)
        if (memcmp(bytes + at, "DOGF", 4) == 0)
            return bytes + at;
    return NULL;
}

int db_firmware_parse(db_firmware *firmware, const void *bytes, size_t length, const char *where, db_error *error)
{
    *firmware = (db_firmware){0};
    const uint8_t *block = find_block(bytes, length);
    if (!block)
        return db_fail(error, "%s: not a Dogberry firmware (no info block in its first %d bytes)", where,
                       SEARCHED_BYTES);
    if (word_at(block, 1) != BLOCK_VERSION || word_at(block, 7) != 0)
        return db_fail(error,
                       "%s: firmware info block of version %u, this program knows %d; build both from one source",
                       where, word_at(block, 1), BLOCK_VERSION);
    db_firmware found = {.model_offset = word_at(block, 2),
                         .flash_bytes = word_at(block, 3),
                         .ram_bytes = word_at(block, 4),
                         .arena_bytes = word_at(block, 5),
                         .stack_bytes = word_at(block, 6)};
    if (found.model_offset == 0 || found.model_offset % SECTOR != 0)
        return db_fail(error, "%s: the model's offset 0x%x is not a multiple of a flash sector", where,
                       found.model_offset);
    if (length > found.model_offset || found.flash_bytes > found.model_offset)
        return db_fail(error, "%s: the firmware takes %zu bytes and would reach into the model at offset %u", where,
                       length > found.flash_bytes ? length : (size_t)found.flash_bytes, found.model_offset);
    if (found.arena_bytes > found.ram_bytes)
        return db_fail(error, "%s: an arena of %u bytes in %u bytes of RAM is impossible; the file is damaged", where,
                       found.arena_bytes, found.ram_bytes);
    *firmware = found;
    return 0;
}

int db_firmware_read(db_firmware *firmware, const char *path, db_error *error)
{
    void *bytes;
    size_t length;
    *firmware = (db_firmware){0};
    if (db_file_read(path, &bytes, &length, error) != 0)
        return -1;
    if (db_firmware_parse(firmware, bytes, length, path, error) != 0) {
        free(bytes);
        return -1;
    }
    firmware->bytes = bytes;
    firmware->length = length;
    return 0;
}

void db_firmware_free(db_firmware *firmware)
{
    free(firmware->bytes);
    *firmware = (db_firmware){0};
}
