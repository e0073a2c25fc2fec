/*
 * Any bytes as a foreign checkpoint or tokenizer: a clean error, or a model that holds together. The first byte says
 * for which reader the rest is.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "interop/llama2c.h"
#include "interop/rp2040.h"
#include "tiny_foreign.h"

enum { CHECKPOINT, TOKENIZER, TINY, READERS };

static void require(int condition)
{
    if (!condition)
        abort();
}

static void check_parameters(const db_model_dir *model)
{
    require(db_model_config_check(&model->config, NULL) == 0 && model->parameters != NULL);
    for (size_t i = 0; i < model->layout.parameters; i++)
        require(isfinite(model->parameters[i]));
}

/* Whatever text is given, ids are of the vocabulary, and the encoder comes to an end. */
static void check_tokenizer(const db_tokenizer *tokenizer)
{
    static const char text[] = " the “thing”, \xC3\xA9t\xE2\x80 123\n\nThe end";
    dogberry_cursor cursor = {.text = text, .length = sizeof text - 1};
    size_t tokens = 0;
    for (int id; (id = dogberry_encode(&tokenizer->view, &cursor)) >= 0; tokens++)
        require((uint32_t)id < tokenizer->view.count && tokens <= sizeof text);
}

static void read_checkpoint(const uint8_t *bytes, size_t size, db_error *error)
{
    db_model_dir model = {0};
    if (db_llama2c_read(&model, bytes, size, "fuzz", error) == 0)
        check_parameters(&model);
    else
        require(error->message[0] != 0);
    db_model_dir_free(&model);
}

static void read_tokenizer(const uint8_t *bytes, size_t size, db_error *error)
{
    db_tokenizer tokenizer;
    size_t lost;
    if (db_llama2c_read_tokenizer(&tokenizer, bytes, size, LLAMA_VOCAB, &lost, "fuzz", error) == 0)
        check_tokenizer(&tokenizer);
    else
        require(error->message[0] != 0);
    db_tokenizer_free(&tokenizer);
}

/* Two bytes say how long the vocabulary is that stands before the model. */
static void read_tiny(const uint8_t *bytes, size_t size, db_error *error)
{
    db_model_dir model = {0};
    size_t empty, words = size >= 2 ? (size_t)bytes[0] | (size_t)bytes[1] << 8 : 0;
    if (size < 2 || words > size - 2)
        return;
    const db_foreign_file vocabulary = {bytes + 2, words, "words"},
                          weights = {bytes + 2 + words, size - 2 - words, "w"};
    if (db_rp2040_read(&model, &weights, &vocabulary, &empty, error) == 0) {
        check_parameters(&model);
        check_tokenizer(&model.tokenizer);
    } else {
        require(error->message[0] != 0);
    }
    db_model_dir_free(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[READERS])(const uint8_t *, size_t, db_error *) = {read_checkpoint, read_tokenizer,
                                                                                  read_tiny};
    db_error error = {""};
    if (size < 1)
        return 0;
    uint8_t *bytes = malloc(size); /* its end is watched by the sanitizer */
    require(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    readers[data[0] % READERS](bytes, size - 1, &error);
    free(bytes);
    return 0;
}

size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    static made_file file, words;
    uint8_t start[3] = {(uint8_t)index, 0, 0};
    size_t head = 1;
    if (index >= READERS)
        return 0;
    if (index == CHECKPOINT)
        make_llama(&file, 1);
    else if (index == TOKENIZER)
        make_llama_tokenizer(&file);
    else {
        make_tiny(&file);
        make_tiny_vocabulary(&words);
        start[1] = (uint8_t)words.length;
        start[2] = (uint8_t)(words.length >> 8);
        head = 3;
    }
    words.length = index == TINY ? words.length : 0;
    require(head + words.length + file.length <= capacity);
    memcpy(data, start, head);
    memcpy(data + head, words.bytes, words.length);
    memcpy(data + head + words.length, file.bytes, file.length);
    return head + words.length + file.length;
}
