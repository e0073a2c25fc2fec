/* SPDX-License-Identifier: MIT */
#include "boards/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "dogberry.h"

typedef char image_name[sizeof((dogberry_image *)0)->name];

/* Where the image ends that begins at `start`: with its last sector. */
static uint64_t end_of(uint64_t start, const dogberry_image *image)
{
    return start + (image->length + (uint64_t)DOGBERRY_STORE_ALIGNMENT - 1) / DOGBERRY_STORE_ALIGNMENT *
                       DOGBERRY_STORE_ALIGNMENT;
}

/* Appends an image and what is left of its last sector. names[0..index-1] are taken already. *end, where the store
 * ends, is moved on; it may not go beyond `most`. */
static int append(db_output *output, const char *file, image_name *names, size_t index, uint64_t *end, uint64_t most,
                  db_error *error)
{
    dogberry_image image;
    void *bytes;
    size_t length;
    if (db_file_read(file, &bytes, &length, error))
        return -1;
    int result = 0, status = dogberry_open(&image, bytes, length);
    if (status != DOGBERRY_OK)
        result = db_fail(error, "%s: %s: not a sound image; look at it with `dogberry inspect`", file,
                         dogberry_status_name(status));
    for (size_t i = 0; i < index && result == 0; i++) {
        if (strcmp(names[i], image.name) == 0)
            result = db_fail(error, "%s: another image is called '%s', too; pack it again under another name", file,
                             image.name);
    }
    if (result == 0) {
        *end = end_of(*end, &image);
        if (*end > most)
            result =
                db_fail(error,
                        "%s: does not fit: the store would have %llu bytes up to its end and the partition has "
                        "%llu, %llu too many; pack with --bits 4, leave an image out or make the partition larger",
                        file, (unsigned long long)*end, (unsigned long long)most, (unsigned long long)(*end - most));
    }
    if (result == 0) {
        memcpy(names[index], image.name, sizeof image.name);
        db_output_write(output, bytes, image.length);
        uint8_t rest[DOGBERRY_STORE_ALIGNMENT];
        memset(rest, 0xFF, sizeof rest);
        db_output_write(output, rest, (0u - image.length) % DOGBERRY_STORE_ALIGNMENT);
    }
    free(bytes);
    return result;
}

int db_store_write(const char *path, const char *const *images, size_t count, uint64_t most, db_error *error)
{
    db_output output;
    if (db_output_open(&output, path, error))
        return -1;
    image_name *names = db_allocate((count ? count : 1) * sizeof *names);
    int result = 0;
    uint64_t end = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = append(&output, images[i], names, i, &end, most, error);
    free(names);
    if (result == 0)
        return db_output_commit(&output, error);
    db_output_abort(&output);
    return -1;
}
