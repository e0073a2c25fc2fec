/* SPDX-License-Identifier: MIT */
#include "text/intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static uint64_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
    return hash ^ hash >> 32; /* FNV's low bits alone are weak for short strings */
}

/* The slot that holds the string, or the free one where it belongs. */
static size_t slot_of(const db_intern *table, uint64_t hash, const char *bytes, size_t length)
{
    size_t mask = table->slot_count - 1, slot = (size_t)hash & mask;
    for (; table->slots[slot]; slot = (slot + 1) & mask) {
        const db_interned *item = &table->items[table->slots[slot] - 1];
        if (item->hash == hash && item->length == length && memcmp(table->pool + item->offset, bytes, length) == 0)
            break;
    }
    return slot;
}

static void rehash(db_intern *table)
{
    size_t count = table->slot_count ? table->slot_count * 2 : 1024;
    free(table->slots);
    table->slots = db_allocate(count * sizeof *table->slots);
    table->slot_count = count;
    for (size_t i = 0; i < table->count; i++) {
        size_t slot = (size_t)table->items[i].hash & (count - 1);
        while (table->slots[slot])
            slot = (slot + 1) & (count - 1);
        table->slots[slot] = (uint32_t)i + 1;
    }
}

uint32_t db_intern_add(db_intern *table, const char *bytes, size_t length)
{
    if (2 * (table->count + 1) > table->slot_count)
        rehash(table);
    uint64_t hash = hash_of(bytes, length);
    size_t slot = slot_of(table, hash, bytes, length);
    if (table->slots[slot])
        return table->slots[slot] - 1;
    assert(table->count < UINT32_MAX - 1);
    table->pool = db_grow(table->pool, &table->pool_capacity, table->pool_used + length + 1, 1);
    memcpy(table->pool + table->pool_used, bytes, length);
    table->items = db_grow(table->items, &table->capacity, table->count + 1, sizeof *table->items);
    table->items[table->count] = (db_interned){table->pool_used, length, hash};
    table->pool_used += length;
    table->slots[slot] = (uint32_t)++table->count;
    return (uint32_t)table->count - 1;
}

int64_t db_intern_find(const db_intern *table, const char *bytes, size_t length)
{
    if (!table->slot_count)
        return -1;
    return (int64_t)table->slots[slot_of(table, hash_of(bytes, length), bytes, length)] - 1;
}

const char *db_intern_text(const db_intern *table, uint32_t number, size_t *length)
{
    assert(number < table->count);
    *length = table->items[number].length;
    return table->pool + table->items[number].offset;
}

int db_bytes_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

void db_intern_free(db_intern *table)
{
    free(table->pool);
    free(table->items);
    free(table->slots);
    *table = (db_intern){0};
}
