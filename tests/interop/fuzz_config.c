/*
 * Any bytes as a config.json: a clean error, or sizes that a model can have.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "interop/model_dir.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1); /* its end is watched by the sanitizer */
    require(text != NULL);
    memcpy(text, data, size);
    db_model_dir model;
    db_error error = {""};
    if (db_model_dir_parse_config(&model, text, size, "fuzz", &error) == 0) {
        const db_layout *layout = &model.layout;
        require(db_model_config_check(&model.config, NULL) == 0 && model.start_token < model.config.vocab);
        require(layout->count > 0 && layout->count <= DB_TENSORS_MAX && model.training != NULL);
        const db_tensor *last = &layout->tensors[layout->count - 1];
        require(last->offset + (size_t)last->rows * last->cols == layout->parameters);
        require(strlen(model.name) < sizeof model.name);
    } else {
        require(error.message[0] != 0);
    }
    db_model_dir_free(&model);
    free(text);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    static const char *const seeds[] = {
        "{\"format_version\":1,\"name\":\"a\",\"architecture\":\"lstm\",\"vocabulary_size\":20,\"embedding_size\":2,"
        "\"hidden_size\":3,\"layers\":1,\"output\":\"dense\",\"classes\":0,\"parameters\":192,\"start_token\":1,"
        "\"checksums\":{\"model.safetensors\":\"crc32:0\"},\"tokenizer\":{},\"training\":{\"seed\":1}}",
        "{\"format_version\":1,\"name\":\"b\",\"architecture\":\"gru\",\"vocabulary_size\":16,\"embedding_size\":2,"
        "\"hidden_size\":2,\"layers\":2,\"output\":\"tied\",\"classes\":0,\"parameters\":112,\"start_token\":0,"
        "\"training\":{},\"tuned\":{\"bits\":4,\"input_step\":0.01}}",
        "{\"format_version\":1,\"name\":\"c\",\"architecture\":\"lstm\",\"vocabulary_size\":16,\"embedding_size\":1,"
        "\"hidden_size\":1,\"layers\":1,\"output\":\"factored\",\"classes\":4,\"parameters\":84,\"start_token\":0,"
        "\"training\":{}}",
    };
    size_t length = index < sizeof seeds / sizeof seeds[0] ? strlen(seeds[index]) : 0;

    require(length <= capacity);
    if (length)
        memcpy(data, seeds[index], length);
    return length;
}
