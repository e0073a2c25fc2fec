/*
 * A store: several images in one region of memory, each at a multiple of
 * DOGBERRY_STORE_ALIGNMENT. There is no directory that could be damaged or disagree with
 * the images: whoever wants to know what is there looks at every place where one may begin.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#include "seam.h"

static size_t round_up(size_t at)
{
    return (at + DOGBERRY_STORE_ALIGNMENT - 1u) & ~(size_t)(DOGBERRY_STORE_ALIGNMENT - 1u);
}

/* A place begins with the magic. Everything else, erased flash as much as garbage, is no image. */
static int is_place(const uint8_t *bytes, size_t left)
{
    return left >= 4u && dogberry_compare(bytes, "DOGB", 4) == 0;
}

/* Behind a damaged image, whose length means nothing, the search goes on at the next place. */
int dogberry_store_next(const void *store, size_t length, size_t *cursor, dogberry_image *image, dogberry_place *place)
{
    const uint8_t *bytes = store;

    if (store == NULL || cursor == NULL || image == NULL || place == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)store & (DOGBERRY_IMAGE_ALIGNMENT - 1u)) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    for (size_t at = round_up(*cursor); at >= *cursor && at < length; at += DOGBERRY_STORE_ALIGNMENT) {
        if (!is_place(bytes + at, length - at))
            continue;
        place->offset = at;
        place->status = dogberry_open(image, bytes + at, length - at);
        place->length = place->status == DOGBERRY_OK ? image->length : 0;
        *cursor = at + (place->length != 0 ? place->length : 1u);
        return 1;
    }
    *cursor = length;
    return 0;
}

static int has_name(const dogberry_image *image, const char *name)
{
    size_t i = 0;

    while (image->name[i] != 0 && image->name[i] == name[i])
        i++;
    return image->name[i] == name[i];
}

/* Looks at everything, using `image` for each, and opens the first one again in the end: that
 * costs a second reading of one image, but no stack for another dogberry_image. */
int dogberry_store_find(const void *store, size_t length, const char *name, dogberry_image *image)
{
    size_t cursor = 0, first = 0;
    dogberry_place place;
    int more, found = 0;

    if (name == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    while ((more = dogberry_store_next(store, length, &cursor, image, &place)) > 0) {
        if (place.status != DOGBERRY_OK || !has_name(image, name))
            continue;
        if (found++ == 0)
            first = place.offset;
    }
    if (more < 0)
        return more;
    if (found > 0)
        (void)dogberry_open(image, (const uint8_t *)store + first, length - first);
    return found;
}
