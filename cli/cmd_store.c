/*
 * dogberry store: several images in one file for one flash region.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "boards/partitions.h"
#include "boards/store.h"
#include "commands.h"
#include "dogberry.h"

/* What the list says of one place. */
typedef struct {
    dogberry_place place;
    char name[sizeof((dogberry_image *)0)->name]; /* empty where it is damaged */
    size_t session_bytes;
    bool hidden; /* an earlier image has its name */
} found;

typedef struct {
    size_t length; /* of the store */
    found *places;
    size_t count, capacity, damaged;
} listing;

static int scan(listing *list, const char *path, db_error *error)
{
    void *bytes;
    size_t cursor = 0;
    dogberry_image image;
    dogberry_place place;
    if (db_file_read(path, &bytes, &list->length, error))
        return -1;
    while (dogberry_store_next(bytes, list->length, &cursor, &image, &place) > 0) {
        list->places = db_grow(list->places, &list->capacity, list->count + 1, sizeof *list->places);
        found *entry = &list->places[list->count++];
        *entry = (found){.place = place};
        if (place.status != DOGBERRY_OK) {
            list->damaged++;
            continue;
        }
        memcpy(entry->name, image.name, sizeof entry->name);
        entry->session_bytes = dogberry_session_bytes(&image);
        for (size_t i = 0; i + 1 < list->count; i++)
            entry->hidden |=
                list->places[i].place.status == DOGBERRY_OK && strcmp(list->places[i].name, entry->name) == 0;
    }
    free(bytes);
    return list->count
               ? 0
               : db_fail(error, "%s: no image begins at a multiple of %d bytes; `dogberry store make` writes stores",
                         path, DOGBERRY_STORE_ALIGNMENT);
}

static void print_text(const listing *list)
{
    printf("    offset       bytes    session  name\n");
    for (size_t i = 0; i < list->count; i++) {
        const found *entry = &list->places[i];
        if (entry->place.status == DOGBERRY_OK)
            printf("%#10zx  %10zu  %9zu  %s%s\n", entry->place.offset, entry->place.length, entry->session_bytes,
                   entry->name, entry->hidden ? "  (hidden: an earlier image has this name)" : "");
        else
            printf("%#10zx           -          -  damaged: %s\n", entry->place.offset,
                   dogberry_status_name(entry->place.status));
    }
    printf("%zu sound, %zu damaged, %zu bytes in all\n", list->count - list->damaged, list->damaged, list->length);
}

static void print_json(const listing *list)
{
    json_t *places = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const found *entry = &list->places[i];
        json_array_append_new(
            places,
            json_pack("{s:I, s:s, s:I, s:I, s:s, s:b}", "offset", (json_int_t)entry->place.offset, "status",
                      dogberry_status_name(entry->place.status), "image_bytes", (json_int_t)entry->place.length,
                      "session_bytes", (json_int_t)entry->session_bytes, "name", entry->name, "hidden", entry->hidden));
    }
    json_t *object = json_pack("{s:I, s:I, s:o}", "store_bytes", (json_int_t)list->length, "damaged",
                               (json_int_t)list->damaged, "places", places);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static int list_store(const char *path, bool json)
{
    listing list = {0};
    db_error error;
    int status;
    if (scan(&list, path, &error)) {
        status = cli_failed(&cli_store, error.message);
    } else {
        if (json)
            print_json(&list);
        else
            print_text(&list);
        status = list.damaged ? 1 : 0;
    }
    free(list.places);
    return status;
}

/* The partition for models in firmware/esp32s3. */
#define PARTITION "models"

/* `table`: an ESP-IDF partition table whose partition for models must hold the store, or NULL. */
static int make_store(const char *path, const char *const *images, size_t count, const char *table)
{
    db_error error;
    db_partition partition = {0, UINT32_MAX};
    if (!path || count == 0)
        return cli_misused(&cli_store, "make needs images and `-o FILE`");
    if (table && db_partition_find(&partition, table, PARTITION, &error))
        return cli_failed(&cli_store, error.message);
    if (db_store_write(path, images, count, partition.bytes, &error))
        return cli_failed(&cli_store, error.message);
    printf("%s: %zu image%s\n", path, count, count == 1 ? "" : "s");
    if (table)
        printf("flash it with: esptool.py write_flash 0x%x %s\n", partition.offset, path);
    return 0;
}

static int run(int argc, char **argv)
{
    const char *output = NULL, *table = NULL;
    bool json = false;
    /* clang-format off */
    cli_option options[] = {
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &output, .argument = "FILE",
         .help = "make: the store to write"},
        {.name = "partitions", .kind = CLI_TEXT, .value = &table, .argument = "CSV",
         .help = "make: refuse what partition \"models\" of this ESP-IDF table does not hold"},
        {.name = "json", .kind = CLI_FLAG, .value = &json, .help = "list: one JSON object instead of text"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_store, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0) {
        if (operands.count > 0 && strcmp(operands.items[0], "make") == 0)
            status = make_store(output, operands.items + 1, operands.count - 1, table);
        else if (operands.count == 2 && strcmp(operands.items[0], "list") == 0)
            status = list_store(operands.items[1], json);
        else
            status = cli_misused(&cli_store, "say `make -o FILE IMAGE...` or `list FILE`");
    }
    cli_list_free(&operands);
    return status;
}

const cli_command cli_store = {
    .name = "store",
    .synopsis = "make -o FILE [--partitions CSV] IMAGE... | list FILE",
    .summary = "several images in one flash region",
    .details = "make writes images one after another, each with flash sectors of its own, so that each can be\n"
               "replaced alone. list says what is in a store: offset, bytes, bytes of RAM of a session, and\n"
               "name. It checks every image completely, goes on behind damaged ones, and ends with status 1\n"
               "when there is one.",
    .examples = "  dogberry store make -o models.bin poet.dog chat.dog\n"
                "  dogberry store make -o models.bin poet.dog --partitions firmware/esp32s3/partitions_models.csv\n"
                "  dogberry store list models.bin --json",
    .run = run,
};
