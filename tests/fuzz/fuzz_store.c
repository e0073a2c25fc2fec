/*
 * Stores put together by the input: erased sectors, garbage, sound images, damaged ones and
 * ones that were changed and sealed again. Whatever comes between, every sound image is found.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "fuzz.h"
#include "tiny_image.h"

enum { SECTOR = DOGBERRY_STORE_ALIGNMENT, SECTORS = 10, KINDS = 4 };

typedef struct {
    const uint8_t *data;
    size_t left;
} input;

static void require(int condition)
{
    if (!condition)
        abort();
}

static uint32_t take(input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->data++;
}

/* Images of four kinds, made on the first use and kept. */
static const uint8_t *kept_image(uint32_t kind, size_t *length)
{
    static const uint8_t *kept[KINDS];
    static size_t lengths[KINDS];

    if (!kept[kind]) {
        tiny_config config = tiny_default();

        config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
        config.embedding = 4;
        config.hidden = kind == 3 ? 24 : 4; /* one of more than a sector */
        uint8_t *bytes = tiny_build(&config, &lengths[kind]);

        bytes[96] = (uint8_t)('a' + kind);
        tiny_seal_quickly(bytes, lengths[kind]);
        kept[kind] = bytes;
    }
    *length = lengths[kind];
    return kept[kind];
}

/* What one step of the input puts at `at`: how many sectors, and whether it is a sound image as it was. */
typedef struct {
    size_t at, sectors;
    int sound;
} step;

static step put_image(uint8_t *store, size_t at, uint32_t operation, input *in)
{
    size_t length;
    const uint8_t *image = kept_image(take(in) % KINDS, &length);
    step s = {at, (length + SECTOR - 1) / SECTOR, 1};

    if (at + length > (size_t)SECTORS * SECTOR)
        return (step){at, 1, 0};
    memcpy(store + at, image, length);
    for (uint32_t changes = operation == 2 ? 0 : 1 + take(in) % 4; changes > 0; changes--) {
        size_t where = (take(in) | take(in) << 8) % length;

        store[at + where] ^= (uint8_t)take(in);
        s.sound = 0;
    }
    if (operation == 4)
        tiny_seal_quickly(store + at, length);
    return s;
}

static step put(uint8_t *store, size_t at, input *in)
{
    uint32_t operation = take(in) % 5;

    if (operation >= 2)
        return put_image(store, at, operation, in);
    for (uint32_t i = 0, count = operation == 0 ? 0 : take(in); i < count; i++)
        store[at + i] = (uint8_t)take(in);
    return (step){at, 1, 0};
}

/* The last sound image is found by its name, or an earlier one of the same name. */
static void find(const uint8_t *store, size_t length, const char *name)
{
    dogberry_image image;
    int found = dogberry_store_find(store, length, name, &image);

    require(found >= 1 && strcmp(image.name, name) == 0);
}

/* Every place is where one may be, and none lies in a sound one before it. */
static size_t scan(const uint8_t *store, size_t length, dogberry_place places[SECTORS], char name[33])
{
    dogberry_image image;
    size_t cursor = 0, count = 0, end = 0;
    dogberry_place place;
    int more;

    while ((more = dogberry_store_next(store, length, &cursor, &image, &place)) > 0) {
        require(count < SECTORS && place.offset % SECTOR == 0 && place.offset >= end);
        require((place.status == DOGBERRY_OK) == (place.length > 0) && place.length <= length - place.offset);
        if (place.status == DOGBERRY_OK)
            memcpy(name, image.name, sizeof image.name);
        end = place.offset + (place.length ? place.length : 1);
        places[count++] = place;
    }
    require(more == 0);
    return count;
}

static int is_found(const dogberry_place *places, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++) {
        int sound = places[i].status == DOGBERRY_OK;

        if (sound && at >= places[i].offset && at < places[i].offset + places[i].length)
            return 1; /* itself, or inside one that was sealed around it */
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t sectors[SECTORS * SECTOR];
    input in = {data, size};
    step steps[SECTORS];
    dogberry_place places[SECTORS];
    size_t count = 0, at = 0, cut = take(&in) | take(&in) << 8;

    memset(sectors, 0xFF, sizeof sectors);
    while (in.left > 0 && at < sizeof sectors) {
        steps[count] = put(sectors, at, &in);
        at += steps[count++].sectors * SECTOR;
    }
    size_t length = at - (cut < at ? cut : 0);
    uint8_t *store = tiny_copy(sectors, length);
    char name[33] = "";
    size_t found = scan(store, length, places, name);

    if (name[0] != 0 && cut % 4 == 0)
        find(store, length, name);
    for (size_t i = 0; i < count; i++) {
        size_t image_bytes = steps[i].sound ? tiny_get32(sectors + steps[i].at + 8) : 0;

        if (steps[i].sound && steps[i].at + image_bytes <= length)
            require(is_found(places, found, steps[i].at));
    }
    free(store);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    static const uint8_t seeds[][24] = {
        {0, 0, 2, 0, 2, 1, 2, 2, 2, 3},
        {0, 0, 0, 2, 0, 3, 1, 0, 40, 1, 8, 2, 2, 1, 4, 'D', 'O', 'G', 'B', 2, 0},
        {100, 0, 4, 3, 1, 60, 2, 1, 1, 2, 0, 3, 2, 0, 8, 0, 32, 2, 3},
    };

    if (index >= sizeof seeds / sizeof seeds[0])
        return 0;
    require(sizeof seeds[0] <= capacity);
    memcpy(data, seeds[index], sizeof seeds[0]);
    return sizeof seeds[0];
}
