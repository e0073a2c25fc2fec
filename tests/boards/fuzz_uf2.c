/*
 * Any bytes as a UF2 file and as a firmware: a clean error, or parts that lie inside it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "boards/firmware.h"
#include "boards/uf2.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

static void as_uf2(const uint8_t *bytes, size_t size)
{
    db_uf2 file;
    db_error error = {""};
    if (db_uf2_parse(&file, bytes, size, "fuzz", &error) != 0) {
        require(error.message[0] != 0 && file.memory == NULL);
        return;
    }
    size_t whole = 0;
    for (size_t i = 0; i < file.count; i++) {
        require(file.parts[i].length % DB_UF2_SECTOR == 0 && file.parts[i].address % DB_UF2_SECTOR == 0);
        whole += file.parts[i].length;
    }
    require(whole == size / 2);
    /* What was read can be written, and is the same again. */
    uint8_t *again;
    size_t length;
    db_uf2_make(file.parts, file.count, file.family, &again, &length);
    require(length == size);
    free(again);
    db_uf2_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1); /* its end is watched by the sanitizer */
    require(bytes != NULL);
    memcpy(bytes, data, size);
    as_uf2(bytes, size);
    db_firmware firmware;
    if (db_firmware_parse(&firmware, bytes, size, "fuzz", NULL) == 0)
        require(firmware.arena_bytes <= firmware.ram_bytes && size <= firmware.model_offset);
    free(bytes);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    static uint8_t content[5000];
    if (index >= 3)
        return 0;
    if (index == 2) {
        static const uint32_t block[8] = {0x46474F44, 1, 0x20000, 3000, 60000, 40000, 2048, 0};
        memset(data, 0xFF, 3000);
        memcpy(data + 512, block, sizeof block);
        return 3000;
    }
    const db_uf2_part parts[] = {{0x10000000, content, 5000}, {0x10020000, content, 100}};
    uint8_t *bytes;
    size_t length;
    db_uf2_make(parts, index + 1, 0xE48BFF56, &bytes, &length);
    require(length <= capacity);
    memcpy(data, bytes, length);
    free(bytes);
    return length;
}
