/* SPDX-License-Identifier: MIT */
#include "boards/uf2.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { BLOCK = 512, PAYLOAD = 256, DATA_OFFSET = 32, FINAL_OFFSET = 508 };

/* The format's constants: two at the block's start, one at its end, and the flag that says
 * that the word at 28 names a family. */
#define MAGIC_FIRST 0x0A324655u
#define MAGIC_SECOND 0x9E5D5157u
#define MAGIC_FINAL 0x0AB16F30u
#define FLAG_FAMILY 0x00002000u

static void put_word(uint8_t *block, size_t offset, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        block[offset + (size_t)i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_word(const uint8_t *block, size_t offset)
{
    const uint8_t *at = block + offset;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static size_t padded(size_t length)
{
    return (length + DB_UF2_SECTOR - 1) / DB_UF2_SECTOR * DB_UF2_SECTOR;
}

static void check_parts(const db_uf2_part *parts, size_t count)
{
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        assert(parts[i].address % DB_UF2_SECTOR == 0 && parts[i].address >= end && parts[i].length > 0);
        end = parts[i].address + (uint64_t)padded(parts[i].length);
        assert(end <= UINT64_C(1) << 32);
    }
}

void db_uf2_make(const db_uf2_part *parts, size_t count, uint32_t family, uint8_t **bytes, size_t *length)
{
    check_parts(parts, count);
    size_t blocks = 0;
    for (size_t i = 0; i < count; i++)
        blocks += padded(parts[i].length) / PAYLOAD;
    *length = blocks * BLOCK;
    *bytes = db_allocate(*length);

    uint8_t *block = *bytes;
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < padded(parts[i].length); at += PAYLOAD) {
            put_word(block, 0, MAGIC_FIRST);
            put_word(block, 4, MAGIC_SECOND);
            put_word(block, 8, FLAG_FAMILY);
            put_word(block, 12, parts[i].address + (uint32_t)at);
            put_word(block, 16, PAYLOAD);
            put_word(block, 20, number++);
            put_word(block, 24, (uint32_t)blocks);
            put_word(block, 28, family);
            put_word(block, FINAL_OFFSET, MAGIC_FINAL);
            size_t left = at < parts[i].length ? parts[i].length - at : 0;
            memcpy(block + DATA_OFFSET, parts[i].bytes + (left ? at : 0), left < PAYLOAD ? left : PAYLOAD);
            block += BLOCK;
        }
    }
}

static int check_block(const uint8_t *block, size_t number, size_t blocks, uint32_t family, const char *where,
                       db_error *error)
{
    if (get_word(block, 0) != MAGIC_FIRST || get_word(block, 4) != MAGIC_SECOND ||
        get_word(block, FINAL_OFFSET) != MAGIC_FINAL)
        return db_fail(error, "%s: block %zu is not a UF2 block", where, number);
    if (get_word(block, 20) != number || get_word(block, 24) != blocks)
        return db_fail(error, "%s: block %zu is numbered %u of %u, the file has %zu", where, number,
                       get_word(block, 20), get_word(block, 24), blocks);
    if (get_word(block, 8) != FLAG_FAMILY || get_word(block, 28) != family)
        return db_fail(error, "%s: block %zu is for another family of chips", where, number);
    if (get_word(block, 16) != PAYLOAD || get_word(block, 12) % PAYLOAD != 0)
        return db_fail(error, "%s: block %zu does not carry one flash page", where, number);
    return 0;
}

/* Adds one page: to the last part if it follows it, else as the start of a new one. */
static int add_page(db_uf2 *file, uint32_t address, const uint8_t *page, const char *where, db_error *error)
{
    db_uf2_part *last = file->count ? &file->parts[file->count - 1] : NULL;
    uint64_t end = last ? last->address + (uint64_t)last->length : 0;
    if (address < end)
        return db_fail(error, "%s: address 0x%x comes after a later one", where, address);
    if (!last || address > end) {
        if (address % DB_UF2_SECTOR != 0 || end % DB_UF2_SECTOR != 0)
            return db_fail(error, "%s: a flash sector near 0x%x is only partly written", where, address);
        if (file->count == DB_UF2_PARTS_MAX)
            return db_fail(error, "%s: more than %d separate parts", where, DB_UF2_PARTS_MAX);
        file->parts[file->count] = (db_uf2_part){.address = address, .bytes = page};
        last = &file->parts[file->count++];
    }
    last->length += PAYLOAD;
    return 0;
}

int db_uf2_parse(db_uf2 *file, const uint8_t *bytes, size_t length, const char *where, db_error *error)
{
    *file = (db_uf2){0};
    if (length == 0 || length % BLOCK != 0)
        return db_fail(error, "%s: %zu bytes are not whole UF2 blocks of %d", where, length, BLOCK);
    size_t blocks = length / BLOCK;
    file->family = get_word(bytes, 28);
    file->memory = db_allocate(blocks * PAYLOAD);
    int result = 0;
    for (size_t i = 0; result == 0 && i < blocks; i++) {
        const uint8_t *block = bytes + i * BLOCK;
        uint8_t *page = file->memory + i * PAYLOAD;
        memcpy(page, block + DATA_OFFSET, PAYLOAD);
        result = check_block(block, i, blocks, file->family, where, error);
        if (result == 0)
            result = add_page(file, get_word(block, 12), page, where, error);
    }
    const db_uf2_part *last = &file->parts[file->count ? file->count - 1 : 0];
    if (result == 0 && last->length % DB_UF2_SECTOR != 0)
        result = db_fail(error, "%s: the last flash sector is only partly written", where);
    if (result != 0)
        db_uf2_free(file);
    return result;
}

void db_uf2_free(db_uf2 *file)
{
    free(file->memory);
    *file = (db_uf2){0};
}
