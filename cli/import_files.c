/* SPDX-License-Identifier: MIT */
#include "import_files.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "interop/llama2c.h"
#include "interop/rp2040.h"
#include "train/train.h"

/* Says in config.json where the model is from. */
static void record_origin(db_model_dir *model, const char *program, const void *bytes, size_t length)
{
    char checksum[16];
    snprintf(checksum, sizeof checksum, "crc32:%08x", (unsigned)dogberry_crc32(0, bytes, length));
    json_t *origin = json_pack("{s:s, s:s}", "imported_from", program, "checkpoint", checksum);
    model->training = json_dumps(origin, JSON_COMPACT);
    json_decref(origin);
}

int cli_import_llama2c(db_model_dir *model, const char *checkpoint, const char *tokenizer, size_t *lost,
                       db_error *error)
{
    void *weights = NULL, *words = NULL;
    size_t weights_length, words_length;
    *lost = 0;
    int result =
        db_file_read(checkpoint, &weights, &weights_length, error) ||
        db_file_read(tokenizer, &words, &words_length, error) ||
        db_llama2c_read(model, weights, weights_length, checkpoint, error) ||
        db_llama2c_read_tokenizer(&model->tokenizer, words, words_length, model->config.vocab, lost, tokenizer, error);
    if (!result)
        record_origin(model, "llama2.c", weights, weights_length);
    free(weights);
    free(words);
    return result ? -1 : 0;
}

/* ---- A folder of tiny-transformers-rp2040 ---- */

/* Whether a file's name is PREFIX...SUFFIX; what is between them in *middle. */
static bool is_named(const char *name, const char *prefix, const char *suffix, const char **middle, int *length)
{
    const size_t all = strlen(name), before = strlen(prefix), behind = strlen(suffix);
    if (all < before + behind || strncmp(name, prefix, before) != 0 || strcmp(name + all - behind, suffix) != 0)
        return false;
    *middle = name + before;
    *length = (int)(all - before - behind);
    return true;
}

/* Finds the one model_*.bin of a folder. Returns what stands for the star, freed by the caller, or NULL with the error
 * set. */
static char *find_model(const char *folder, db_error *error)
{
    DIR *files = opendir(folder);
    char *found = NULL;
    int count = 0, length;
    const char *middle;
    if (!files) {
        db_fail(error, "%s: cannot open: %s", folder, strerror(errno));
        return NULL;
    }
    for (const struct dirent *file; (file = readdir(files));) {
        if (!is_named(file->d_name, "model_", ".bin", &middle, &length) || count++)
            continue;
        found = db_copy_string(middle);
        found[length] = 0;
    }
    closedir(files);
    if (count == 1)
        return found;
    db_fail(error, "%s: %s model_*.bin here; give a folder with one", folder, count ? "more than one" : "no");
    free(found);
    return NULL;
}

/* FOLDER/PREFIX-MIDDLE-SUFFIX; freed by the caller. */
static char *path_of(const char *folder, const char *prefix, const char *middle, const char *suffix)
{
    const size_t room = strlen(prefix) + strlen(middle) + strlen(suffix) + 1;
    char *name = db_allocate(room);
    snprintf(name, room, "%s%s%s", prefix, middle, suffix);
    char *path = db_path_join(folder, name);
    free(name);
    return path;
}

enum { MODEL, VOCABULARY, CONFIG, FILES };

static int read_files(db_model_dir *model, const char *const paths[FILES], size_t *empty, db_error *error)
{
    void *bytes[FILES] = {NULL};
    size_t lengths[FILES] = {0};
    db_foreign_file files[FILES];
    int result = 0;
    for (int i = 0; i < FILES && !result; i++) {
        const bool there = i != CONFIG || access(paths[i], F_OK) == 0;
        result = there ? db_file_read(paths[i], &bytes[i], &lengths[i], error) : 0;
        files[i] = (db_foreign_file){bytes[i], lengths[i], paths[i]};
    }
    if (!result)
        result = db_rp2040_read(model, &files[MODEL], &files[VOCABULARY], empty, error);
    if (!result && bytes[CONFIG])
        result = db_rp2040_check(model, *empty, &files[CONFIG], error);
    if (!result)
        record_origin(model, "tiny-transformers-rp2040", bytes[MODEL], lengths[MODEL]);
    for (int i = 0; i < FILES; i++)
        free(bytes[i]);
    return result;
}

int cli_import_rp2040(db_model_dir *model, const char *folder, size_t *empty, db_error *error)
{
    char *middle = find_model(folder, error);
    *empty = 0;
    if (!middle)
        return -1;
    char *paths[FILES] = {path_of(folder, "model_", middle, ".bin"), path_of(folder, "vocab_", middle, ".bin"),
                          path_of(folder, "config_", middle, ".json")};
    const char *const given[FILES] = {paths[MODEL], paths[VOCABULARY], paths[CONFIG]};
    const int result = read_files(model, given, empty, error);
    for (int i = 0; i < FILES; i++)
        free(paths[i]);
    free(middle);
    return result ? -1 : 0;
}

/* ---- Calibration text ---- */

enum { PASSAGES = 48, PASSAGE_TOKENS = 256 };

void cli_import_calibrate(db_model_dir *model)
{
    const dogberry_tokenizer *tokenizer = &model->tokenizer.view;
    const db_sequence special = {.start_token = model->start_token, .end_token = tokenizer->end};
    uint16_t ids[PASSAGE_TOKENS];
    char *text = db_allocate((size_t)PASSAGE_TOKENS * DOGBERRY_PIECE_MAX);
    for (uint64_t seed = 1; seed <= PASSAGES; seed++) {
        const size_t count = db_train_sample(&model->config, model->parameters, &special, tokenizer->unknown, NULL, 0,
                                             1, seed, ids, PASSAGE_TOKENS);
        dogberry_decoder decoder = {0};
        size_t length = 0;
        for (size_t i = 0; i < count; i++) {
            const int bytes = dogberry_decode(tokenizer, &decoder, ids[i], text + length, DOGBERRY_PIECE_MAX);
            length += bytes > 0 ? (size_t)bytes : 0;
        }
        if (strspn(text, " \t\n") < length)
            db_corpus_add_text(&model->calibration, "itself", text, length);
    }
    free(text);
}
