/*
 * Models in a partition of their own ("models", type data), else inside the app.
 * SPDX-License-Identifier: MIT
 */
#include "store.h"

#include <stddef.h>
#include <string.h>

#include <dogberry.h>
#include "esp_heap_caps.h"
#include "esp_partition.h"
#include "sdkconfig.h"

#if DOGBERRY_MODEL_INSIDE
extern const uint8_t dogberry_model_inside[], dogberry_model_inside_end[];

static struct store inside(void)
{
    return (struct store){dogberry_model_inside, (uint32_t)(dogberry_model_inside_end - dogberry_model_inside), 0,
                          "inside the app"};
}
#else
static struct store inside(void)
{
    return (struct store){NULL, 0, 0, "nowhere"};
}
#endif

#if CONFIG_DOGBERRY_COPY_TO_PSRAM
/* Bytes from the store's start to the end of its last image. Of a damaged one the first sector, so that the console
 * can say so. */
static uint32_t used_bytes(const struct store *store)
{
    dogberry_image image;
    dogberry_place place;
    size_t cursor = 0, end = 0;

    while (dogberry_store_next(store->bytes, store->length, &cursor, &image, &place) == 1)
        end = place.offset + (place.status == DOGBERRY_OK ? place.length : DOGBERRY_STORE_ALIGNMENT);
    return end < store->length ? (uint32_t)end : store->length;
}

static void copy_to_psram(struct store *store)
{
    uint32_t used = used_bytes(store);
    void *copy = used > 0 ? heap_caps_aligned_alloc(DOGBERRY_IMAGE_ALIGNMENT, used, MALLOC_CAP_SPIRAM) : NULL;

    if (copy == NULL)
        return;
    memcpy(copy, store->bytes, used);
    store->bytes = copy;
    store->length = used;
    store->where = "PSRAM";
}
#endif

struct store store_open(void)
{
    const esp_partition_t *partition =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, "models");
    esp_partition_mmap_handle_t handle;
    const void *bytes;

    if (partition == NULL ||
        esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA, &bytes, &handle) != ESP_OK)
        return inside();
    struct store store = {bytes, (uint32_t)partition->size, (uint32_t)partition->address, "flash"};
#if CONFIG_DOGBERRY_COPY_TO_PSRAM
    copy_to_psram(&store);
#endif
    return store;
}
