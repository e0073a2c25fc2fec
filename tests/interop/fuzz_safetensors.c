/*
 * Any bytes as a safetensors file: a clean error, or tensors that lie inside what was read.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "interop/safetensors.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1); /* its end is watched by the sanitizer */
    require(bytes != NULL);
    memcpy(bytes, data, size);
    db_safetensors file;
    db_error error = {""};
    if (db_safetensors_parse(&file, bytes, size, size % 2 == 0, "fuzz", &error) != 0) {
        require(error.message[0] != 0 && file.tensors == NULL);
    } else {
        size_t values = 0;
        for (size_t i = 0; i < file.count; i++) {
            const db_safetensor *tensor = &file.tensors[i];
            require(tensor->values >= file.values && tensor->count <= file.value_count);
            require(tensor->values + tensor->count <= file.values + file.value_count);
            require(db_safetensors_find(&file, tensor->name) == tensor);
            values += tensor->count;
        }
        require(values == file.value_count);
        db_safetensors_free(&file);
    }
    free(bytes);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    static const char *const headers[] = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}",
        "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}} ",
        "{\"b\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[8,24]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
        "\"c\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1],\"data_offsets\":[4,8]}}",
    };
    if (index >= sizeof headers / sizeof headers[0])
        return 0;
    size_t header = strlen(headers[index]), length = 8 + header + 24;
    require(length <= capacity);
    memset(data, 0, length);
    data[0] = (uint8_t)header;
    data[1] = (uint8_t)(header >> 8);
    memcpy(data + 8, headers[index], header);
    return length;
}
