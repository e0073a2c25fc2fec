/*
 * Any bytes as a tokenizer.json, a NUL, and the part of config.json: a clean error, or a
 * tokenizer that encodes, decodes and can be saved.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fuzz/fuzz.h"
#include "../interop/tiny_foreign.h"
#include "base/file.h"
#include "interop/llama2c.h"
#include "interop/splitter_regex.h"
#include "text/tokenizer.h"

static const char sample[] =
    "The cat said, \"I don't know the other cat.\" The cat\nand the dog sat; na\xC3\xAFve and the "
    "cat -- the other cat -- sat on the mat. \xF0\x9F\x98\x80\n\nThe dog said so.";

static void require(int condition)
{
    if (!condition)
        abort();
}

/* Trying every code point for the splitter's classes takes a hundred times longer than all else, and gives the same
 * every time. The linker puts __wrap_f in the place of f (CMakeLists.txt). */
void __real_db_splitter_to_json(json_t **normalizer, json_t **pre_tokenizer);
void __wrap_db_splitter_to_json(json_t **normalizer, json_t **pre_tokenizer);

void __wrap_db_splitter_to_json(json_t **normalizer, json_t **pre_tokenizer)
{
    static json_t *kept[2];
    if (!kept[0])
        __real_db_splitter_to_json(&kept[0], &kept[1]);
    *normalizer = json_incref(kept[0]);
    *pre_tokenizer = json_incref(kept[1]);
}

static void use(const db_tokenizer *tokenizer)
{
    dogberry_cursor cursor = {.text = sample, .length = strlen(sample)};
    dogberry_decoder decoder = {0};
    char piece[DOGBERRY_PIECE_MAX];
    for (int id; (id = dogberry_encode(&tokenizer->view, &cursor)) >= 0;)
        require(dogberry_decode(&tokenizer->view, &decoder, (uint32_t)id, piece, sizeof piece) >= 0);
    char *spelling = db_spelling_to_json(&tokenizer->spelling);
    require(spelling != NULL);
    free(spelling);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1);
    require(bytes != NULL);
    memcpy(bytes, data, size);
    bytes[size] = 0;
    size_t length = strlen(bytes);
    const char *extra = length < size ? bytes + length + 1 : NULL;
    db_tokenizer tokenizer;
    db_error error = {""};
    if (db_tokenizer_parse(&tokenizer, bytes, length, extra, "fuzz", &error) == 0)
        use(&tokenizer);
    else
        require(error.message[0] != 0 && tokenizer.section == NULL);
    db_tokenizer_free(&tokenizer);
    free(bytes);
    return 0;
}

/* A tokenizer that falls back to bytes, of another program. */
static int import_fallback(db_tokenizer *tokenizer)
{
    static made_file file;
    size_t lost;
    make_llama_tokenizer(&file);
    return db_llama2c_read_tokenizer(tokenizer, file.bytes, file.length, LLAMA_VOCAB, &lost, "made", NULL);
}

/* A tokenizer of each kind as it is saved; the caller frees it. */
static char *make_seed(uint32_t index, size_t *length)
{
    char path[] = "/tmp/dogberry-fuzz-XXXXXX", *extra = NULL;
    db_corpus corpus = {0};
    db_tokenizer tokenizer;
    void *file = NULL;
    db_corpus_add_text(&corpus, "sample", sample, strlen(sample));
    require(index == 0   ? db_tokenizer_learn_word(&tokenizer, &corpus, 20, NULL) == 0
            : index == 1 ? db_tokenizer_learn_char(&tokenizer, &corpus, 20, NULL) == 0
            : index == 2 ? db_tokenizer_learn_bpe(&tokenizer, &corpus, 256, NULL) == 0
            : index == 3 ? db_tokenizer_learn_subword(&tokenizer, &corpus, 18, NULL) == 0
                         : import_fallback(&tokenizer) == 0);
    int descriptor = mkstemp(path);
    require(descriptor >= 0 && close(descriptor) == 0);
    require(db_tokenizer_save(&tokenizer, path, &extra, NULL) == 0 && db_file_read(path, &file, length, NULL) == 0);
    unlink(path);
    char *seed = malloc(*length + 1 + strlen(extra));
    require(seed != NULL);
    memcpy(seed, file, *length + 1);
    memcpy(seed + *length + 1, extra, strlen(extra));
    *length += 1 + strlen(extra);
    free(file);
    free(extra);
    db_tokenizer_free(&tokenizer);
    db_corpus_free(&corpus);
    return seed;
}

/* They are saved once: that goes through to the disk. */
size_t fuzz_seed(uint32_t index, uint8_t *data, size_t capacity)
{
    enum { SEEDS = 5 };
    static char *seeds[SEEDS];
    static size_t lengths[SEEDS];
    if (index >= SEEDS)
        return 0;
    if (!seeds[index])
        seeds[index] = make_seed(index, &lengths[index]);
    require(lengths[index] <= capacity);
    memcpy(data, seeds[index], lengths[index]);
    return lengths[index];
}
