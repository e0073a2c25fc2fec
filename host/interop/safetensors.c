/* SPDX-License-Identifier: MIT */
#include "interop/safetensors.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "interop/json.h"

/* Values are copied as they lie in the file, which is little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian host is assumed");
_Static_assert(sizeof(float) == 4, "IEEE single precision is assumed");

/* Far above any model here (about 200 bytes a tensor), far below a surprise. */
enum { HEADER_MAX = 8 << 20, LENGTH_BYTES = 8 };

static uint64_t read_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* ---- Reading ---- */

/* Where the values of a tensor lie, in bytes from the start of the data. */
typedef struct {
    db_safetensor tensor;
    uint64_t begin, end;
} entry;

static int read_shape(db_safetensor *tensor, const json_t *shape, size_t limit, const char *where, db_error *error)
{
    if (!json_is_array(shape))
        return db_fail(error, "%s: tensor \"%s\" has no shape", where, tensor->name);
    if (json_array_size(shape) > DB_SAFETENSORS_RANK_MAX)
        return db_fail(error, "%s: tensor \"%s\" has more than %d dimensions", where, tensor->name,
                       DB_SAFETENSORS_RANK_MAX);
    tensor->rank = (uint32_t)json_array_size(shape);
    tensor->count = 1;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        const json_t *size = json_array_get(shape, i);
        json_int_t value = json_integer_value(size);
        if (!json_is_integer(size) || value < 0)
            return db_fail(error, "%s: tensor \"%s\": dimension %u is not a size", where, tensor->name, i);
        if (value != 0 && tensor->count > limit / (uint64_t)value)
            return db_fail(error, "%s: tensor \"%s\" is larger than the file", where, tensor->name);
        tensor->shape[i] = (size_t)value;
        tensor->count *= (size_t)value;
    }
    return 0;
}

static int read_offsets(entry *item, const json_t *offsets, size_t data_bytes, const char *where, db_error *error)
{
    const char *name = item->tensor.name;
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return db_fail(error, "%s: tensor \"%s\": \"data_offsets\" must be two numbers", where, name);
    json_int_t from = json_integer_value(begin), to = json_integer_value(end);
    if (from < 0 || to < from || (uint64_t)to > data_bytes)
        return db_fail(error,
                       "%s: tensor \"%s\" lies at %" JSON_INTEGER_FORMAT "..%" JSON_INTEGER_FORMAT
                       ", outside the %zu bytes of data; the file may be cut short",
                       where, name, from, to, data_bytes);
    if ((uint64_t)(to - from) != (uint64_t)item->tensor.count * sizeof(float))
        return db_fail(error, "%s: tensor \"%s\": %" JSON_INTEGER_FORMAT " bytes do not hold its %zu float32 values",
                       where, name, to - from, item->tensor.count);
    item->begin = (uint64_t)from;
    item->end = (uint64_t)to;
    return 0;
}

static int read_entry(entry *item, const char *name, const json_t *fields, size_t data_bytes, const char *where,
                      db_error *error)
{
    if (strlen(name) > DB_SAFETENSORS_NAME_MAX)
        return db_fail(error, "%s: the tensor name \"%.40s...\" is too long", where, name);
    memcpy(item->tensor.name, name, strlen(name) + 1);
    const char *type = json_string_value(json_object_get(fields, "dtype"));
    if (!type)
        return db_fail(error, "%s: tensor \"%s\" has no \"dtype\"", where, name);
    if (strcmp(type, "F32") != 0)
        return db_fail(error, "%s: tensor \"%s\" is of type %.16s; only F32 is read here", where, name, type);
    if (read_shape(&item->tensor, json_object_get(fields, "shape"), data_bytes / sizeof(float), where, error) != 0)
        return -1;
    return read_offsets(item, json_object_get(fields, "data_offsets"), data_bytes, where, error);
}

static int by_place(const void *a, const void *b)
{
    const entry *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    if (left->end != right->end) /* an empty tensor may share its place with the next one */
        return left->end < right->end ? -1 : 1;
    return strcmp(left->tensor.name, right->tensor.name);
}

/* Sorted entries must cover the data exactly: this is what rules out overlaps and holes. */
static int check_tiling(const entry *items, size_t count, size_t data_bytes, const char *where, db_error *error)
{
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (items[i].begin != at)
            return db_fail(error, "%s: tensor \"%s\" %s", where, items[i].tensor.name,
                           items[i].begin < at ? "overlaps the one before it" : "leaves a hole before it");
        at = items[i].end;
    }
    if (at != data_bytes)
        return db_fail(error, "%s: %zu bytes of data belong to no tensor", where, data_bytes - (size_t)at);
    return 0;
}

/* Fills items[] (as many as the header has keys) and *count. */
static int read_entries(entry *items, size_t *count, const json_t *header, size_t data_bytes, const char *where,
                        db_error *error)
{
    const char *name;
    const json_t *fields;
    json_object_foreach((json_t *)header, name, fields)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        if (read_entry(&items[*count], name, fields, data_bytes, where, error) != 0)
            return -1;
        ++*count;
    }
    qsort(items, *count, sizeof *items, by_place);
    return check_tiling(items, *count, data_bytes, where, error);
}

static void take_values(db_safetensors *file, const entry *items, size_t count, const uint8_t *data, size_t data_bytes)
{
    file->tensors = db_allocate(count * sizeof *file->tensors);
    file->values = db_allocate(data_bytes);
    file->count = count;
    file->value_count = data_bytes / sizeof(float);
    if (data_bytes)
        memcpy(file->values, data, data_bytes);
    for (size_t i = 0; i < count; i++) {
        file->tensors[i] = items[i].tensor;
        file->tensors[i].values = file->values + items[i].begin / sizeof(float);
    }
}

static int check_finite(const db_safetensors *file, const char *where, db_error *error)
{
    for (size_t i = 0; i < file->count; i++)
        for (size_t k = 0; k < file->tensors[i].count; k++)
            if (!isfinite(file->tensors[i].values[k]))
                return db_fail(error, "%s: tensor \"%s\": value %zu is not a finite number", where,
                               file->tensors[i].name, k);
    return 0;
}

int db_safetensors_parse(db_safetensors *file, const void *bytes, size_t length, bool finite, const char *where,
                         db_error *error)
{
    *file = (db_safetensors){0};
    const uint8_t *start = bytes;
    if (length < LENGTH_BYTES)
        return db_fail(error, "%s: too short for a safetensors file", where);
    uint64_t header_bytes = read_u64(start);
    if (header_bytes > HEADER_MAX)
        return db_fail(error, "%s: not a safetensors file (a header of %llu bytes)", where,
                       (unsigned long long)header_bytes);
    if (header_bytes > length - LENGTH_BYTES)
        return db_fail(error, "%s: cut short inside its header", where);
    json_t *header = db_json_object((const char *)start + LENGTH_BYTES, (size_t)header_bytes, where, error);
    if (!header)
        return -1;

    int result = -1;
    size_t keys = json_object_size(header), count = 0;
    entry *items = db_allocate((keys + 1) * sizeof *items);
    const uint8_t *data = start + LENGTH_BYTES + header_bytes;
    size_t data_bytes = length - LENGTH_BYTES - (size_t)header_bytes;
    if (keys > DB_SAFETENSORS_COUNT_MAX)
        db_fail(error, "%s: more than %d tensors", where, DB_SAFETENSORS_COUNT_MAX);
    else
        result = read_entries(items, &count, header, data_bytes, where, error);
    if (result == 0) {
        take_values(file, items, count, data, data_bytes);
        if (finite && check_finite(file, where, error) != 0) {
            db_safetensors_free(file);
            result = -1;
        }
    }
    free(items);
    json_decref(header);
    return result;
}

int db_safetensors_read(db_safetensors *file, const char *path, bool finite, db_error *error)
{
    void *bytes;
    size_t length;
    *file = (db_safetensors){0};
    if (db_file_read(path, &bytes, &length, error) != 0)
        return -1;
    int result = db_safetensors_parse(file, bytes, length, finite, path, error);
    free(bytes);
    return result;
}

const db_safetensor *db_safetensors_find(const db_safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

void db_safetensors_free(db_safetensors *file)
{
    free(file->tensors);
    free(file->values);
    *file = (db_safetensors){0};
}

/* ---- Writing ---- */

/* The header as text without trailing spaces; freed by the caller. */
static char *header_text(const db_safetensor *tensors, size_t count)
{
    json_t *header = json_object();
    /* "pt" tells loaders that rows are laid out as PyTorch lays them out. */
    json_object_set_new(header, "__metadata__", json_pack("{s:s}", "format", "pt"));
    json_int_t at = 0;
    for (size_t i = 0; i < count; i++) {
        json_t *shape = json_array();
        size_t values = 1;
        for (uint32_t d = 0; d < tensors[i].rank; d++) {
            json_array_append_new(shape, json_integer((json_int_t)tensors[i].shape[d]));
            values *= tensors[i].shape[d];
        }
        assert(values == tensors[i].count);
        json_int_t end = at + (json_int_t)(values * sizeof(float));
        json_object_set_new(header, tensors[i].name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets", at, end));
        at = end;
    }
    char *text = json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(header);
    assert(text);
    return text;
}

int db_safetensors_write(const char *path, const db_safetensor *tensors, size_t count, db_error *error)
{
    char *text = header_text(tensors, count);
    size_t used = strlen(text), padding = (8 - used % 8) % 8;
    uint64_t header_bytes = used + padding;
    uint8_t prefix[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++)
        prefix[i] = (uint8_t)(header_bytes >> (8 * i));

    db_output output;
    int result = db_output_open(&output, path, error);
    if (result == 0) {
        db_output_write(&output, prefix, sizeof prefix);
        db_output_write(&output, text, used);
        db_output_write(&output, "        ", padding);
        for (size_t i = 0; i < count; i++)
            db_output_write(&output, tensors[i].values, tensors[i].count * sizeof(float));
        result = db_output_commit(&output, error);
    }
    free(text);
    return result;
}
