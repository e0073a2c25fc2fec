/* SPDX-License-Identifier: MIT */
#include "interop/model_dir.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "interop/json.h"
#include "interop/safetensors.h"
#include "interop/transformer_json.h"

/* The words of config.json for the numbers of dogberry.h. */
typedef struct {
    const char *word;
    uint32_t value;
} choice;

static const choice ARCHITECTURES[] = {
    {"lstm", DOGBERRY_LSTM}, {"gru", DOGBERRY_GRU}, {"transformer", DOGBERRY_TRANSFORMER}, {NULL, 0}};
static const choice OUTPUTS[] = {
    {"dense", DOGBERRY_DENSE}, {"tied", DOGBERRY_TIED}, {"factored", DOGBERRY_FACTORED}, {NULL, 0}};

static const char *choice_word(const choice *choices, uint32_t value)
{
    while (choices->word && choices->value != value)
        choices++;
    assert(choices->word);
    return choices->word;
}

static int read_choice(const json_t *object, const char *key, const choice *choices, uint32_t *value, const char *where,
                       db_error *error)
{
    const char *word;
    if (db_json_text(object, key, &word, where, error) != 0)
        return -1;
    for (; choices->word; choices++) {
        if (strcmp(choices->word, word) == 0) {
            *value = choices->value;
            return 0;
        }
    }
    return db_fail(error, "%s: \"%s\" is \"%.40s\", which this version does not know", where, key, word);
}

/* Biases are vectors whatever their count; everything else is a matrix, even with one column. */
static void describe(db_safetensor *out, const db_tensor *tensor, const float *parameters)
{
    assert(strlen(tensor->name) <= DB_SAFETENSORS_NAME_MAX);
    *out = (db_safetensor){.count = (size_t)tensor->rows * tensor->cols, .values = parameters + tensor->offset};
    memcpy(out->name, tensor->name, strlen(tensor->name) + 1);
    out->shape[0] = tensor->rows;
    out->shape[1] = tensor->cols;
    out->rank = strstr(tensor->name, ".bias") ? 1 : 2;
}

/* ---- Calibration text ---- */

/* A part of a document that is as long as this shows the model at work well after its start. */
enum { WHOLE = 4096 };

/* The part of `document` of about `share` bytes around its middle, from line to line if possible.
 * Never cuts a UTF-8 sequence. */
static void middle_part(const db_document *document, size_t share, size_t *from, size_t *to)
{
    const char *text = document->text;
    *from = 0;
    *to = document->bytes;
    if (document->bytes <= share)
        return;
    *from = (document->bytes - share) / 2;
    *to = *from + share;
    size_t line = *from;
    while (line > 0 && line < *to && text[line - 1] != '\n')
        line++;
    if (line < *to)
        *from = line;
    line = *to;
    while (line > *from && text[line - 1] != '\n')
        line--;
    if (line > *from)
        *to = line;
    while (*from < *to && ((unsigned char)text[*from] & 0xC0) == 0x80)
        ++*from;
    while (*to > *from && ((unsigned char)text[*to] & 0xC0) == 0x80)
        --*to;
}

/* How many documents give a part, so that no part need be shorter than WHOLE bytes or its document. */
static size_t part_count(const db_corpus *validation, size_t bytes)
{
    size_t mean = validation->bytes / validation->count + 1;
    size_t parts = bytes / (mean < WHOLE ? mean : WHOLE);
    return parts < 1 ? 1 : parts > validation->count ? validation->count : parts;
}

void db_model_dir_set_calibration(db_model_dir *model, const db_corpus *text, size_t bytes)
{
    db_corpus_free(&model->calibration);
    if (text->count == 0)
        return;
    size_t left = bytes, parts = part_count(text, bytes);
    for (size_t i = 0; i < parts; i++) {
        const db_document *document = &text->documents[i * text->count / parts];
        size_t from, to, share = left / (parts - i);
        if (document->bytes <= WHOLE && document->bytes <= left)
            share = left; /* no need to cut a short one */
        middle_part(document, share, &from, &to);
        if (from + strspn(document->text + from, " \t\n") >= to)
            continue; /* blank */
        db_corpus_add_text(&model->calibration, document->name, document->text + from, to - from);
        left -= to - from;
    }
}

static int save_calibration(const db_corpus *calibration, const char *path, db_error *error)
{
    db_output output;
    if (db_output_open(&output, path, error) != 0)
        return -1;
    for (size_t i = 0; i < calibration->count; i++) {
        const db_document *document = &calibration->documents[i];
        if (i > 0)
            db_output_printf(&output, "%s\n", DB_DOCUMENT_SEPARATOR);
        db_output_write(&output, document->text, document->bytes);
        if (document->bytes == 0 || document->text[document->bytes - 1] != '\n')
            db_output_write(&output, "\n", 1);
    }
    return db_output_commit(&output, error);
}

/* ---- Saving ---- */

/* In the order in which they take the place of older ones. */
static const char *const NAMES[] = {"model.safetensors", "tokenizer.json", "calibration.txt", "config.json"};

typedef struct {
    char *weights, *tokenizer, *calibration, *config;
} file_paths;

/* FOLDER/NAME, with `ending` after each name. */
static file_paths make_paths(const char *folder, const char *ending)
{
    char *made[sizeof NAMES / sizeof NAMES[0]];
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", NAMES[i], ending);
        made[i] = db_path_join(folder, name);
    }
    return (file_paths){made[0], made[1], made[2], made[3]};
}

static void free_paths(file_paths *paths)
{
    free(paths->weights);
    free(paths->tokenizer);
    free(paths->calibration);
    free(paths->config);
}

static int save_weights(const db_model_dir *model, const char *path, db_error *error)
{
    db_safetensor tensors[DB_TENSORS_MAX];
    for (size_t i = 0; i < model->layout.count; i++)
        describe(&tensors[i], &model->layout.tensors[i], model->parameters);
    return db_safetensors_write(path, tensors, model->layout.count, error);
}

/* An own text (from the tokenizer or the trainer) as an object; NULL with the error set if it is none. */
static json_t *own_object(const char *text, const char *key, const char *where, db_error *error)
{
    if (!text)
        return json_object();
    json_t *object = db_json_object(text, strlen(text), where, error);
    if (!object)
        db_fail(error, "%s: \"%s\" is not a JSON object", where, key);
    return object;
}

/* "crc32:" and eight digits over a whole file; freed by the caller. NULL with the error set. */
static char *file_checksum(const char *path, db_error *error)
{
    void *bytes;
    size_t length;
    if (db_file_read(path, &bytes, &length, error) != 0)
        return NULL;
    char *text = db_allocate(sizeof "crc32:01234567");
    snprintf(text, sizeof "crc32:01234567", "crc32:%08x", (unsigned)dogberry_crc32(0, bytes, length));
    free(bytes);
    return text;
}

/* What the other files must be for this config.json: a run that ends between two renames, or a file from
 * another model of the same sizes, would make nonsense without a word. NULL with the error set. */
static json_t *checksums(const file_paths *paths, db_error *error)
{
    char *weights = file_checksum(paths->weights, error);
    char *tokenizer = weights ? file_checksum(paths->tokenizer, error) : NULL;
    json_t *object = NULL;
    if (tokenizer)
        object = json_pack("{s:s, s:s}", "model.safetensors", weights, "tokenizer.json", tokenizer);
    free(weights);
    free(tokenizer);
    return object;
}

static json_t *tuned_to_json(const db_model_dir *model)
{
    json_t *tuned = json_pack("{s:I}", "bits", (json_int_t)model->tuned.bits);
    if (model->config.architecture != DOGBERRY_TRANSFORMER)
        json_object_set_new(tuned, "input_step", json_real(model->tuned.input_step));
    return tuned;
}

static int save_config(const db_model_dir *model, const char *extra, const file_paths *paths, db_error *error)
{
    const db_model_config *config = &model->config;
    const char *path = paths->config;
    json_t *sums = checksums(paths, error);
    if (!sums)
        return -1;
    json_t *tokenizer = own_object(extra, "tokenizer", path, error);
    json_t *training = own_object(model->training, "training", path, error);
    json_t *root = NULL;
    if (tokenizer && training)
        root =
            json_pack("{s:i, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:O, s:O, s:O}", "format_version",
                      DB_MODEL_DIR_VERSION, "name", model->name, "architecture",
                      choice_word(ARCHITECTURES, config->architecture), "vocabulary_size", (json_int_t)config->vocab,
                      "embedding_size", (json_int_t)config->embedding, "hidden_size", (json_int_t)config->hidden,
                      "layers", (json_int_t)config->layers, "output", choice_word(OUTPUTS, config->output), "classes",
                      (json_int_t)config->classes, "parameters", (json_int_t)model->layout.parameters, "start_token",
                      (json_int_t)model->start_token, "checksums", sums, "tokenizer", tokenizer, "training", training);
    int result = -1;
    if (root) {
        if (config->architecture == DOGBERRY_TRANSFORMER)
            db_transformer_to_json(config, model->start_token, model->tokenizer.view.end, root);
        if (model->tuned.bits)
            json_object_set_new(root, "tuned", tuned_to_json(model));
        char *text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        assert(text);
        result = db_file_write(path, text, strlen(text), error);
        free(text);
    } else if (tokenizer && training) {
        db_fail(error, "%s: the name is not UTF-8", path);
    }
    json_decref(root);
    json_decref(sums);
    json_decref(tokenizer);
    json_decref(training);
    return result;
}

/* The whole model under names of its own, so that lack of room shows before anything old is touched. */
static int save_aside(const db_model_dir *model, const file_paths *aside, db_error *error)
{
    char *extra = NULL;
    int result = -1;
    if (save_weights(model, aside->weights, error) == 0 &&
        (model->calibration.count == 0 || save_calibration(&model->calibration, aside->calibration, error) == 0) &&
        db_tokenizer_save(&model->tokenizer, aside->tokenizer, &extra, error) == 0)
        result = save_config(model, extra, aside, error);
    free(extra);
    return result;
}

static int move(const char *from, const char *to, db_error *error)
{
    return rename(from, to) == 0 ? 0 : db_fail(error, "%s: cannot rename: %s", from, strerror(errno));
}

/* Nothing but renames. Should the machine stop between two, the checksums tell. */
static int put_in_place(const file_paths *aside, const file_paths *paths, bool calibrated, db_error *error)
{
    if (!calibrated && unlink(paths->calibration) != 0 && errno != ENOENT)
        return db_fail(error, "%s: cannot remove: %s", paths->calibration, strerror(errno));
    if (move(aside->weights, paths->weights, error) != 0 || move(aside->tokenizer, paths->tokenizer, error) != 0 ||
        (calibrated && move(aside->calibration, paths->calibration, error) != 0))
        return -1;
    return move(aside->config, paths->config, error);
}

int db_model_dir_save(const db_model_dir *model, const char *folder, db_error *error)
{
    if (db_make_folder(folder, error) != 0)
        return -1;
    file_paths paths = make_paths(folder, ""), aside = make_paths(folder, ".new");
    int result = save_aside(model, &aside, error);
    if (result == 0)
        result = put_in_place(&aside, &paths, model->calibration.count > 0, error);
    if (result != 0) {
        (void)unlink(aside.weights);
        (void)unlink(aside.tokenizer);
        (void)unlink(aside.calibration);
        (void)unlink(aside.config);
    }
    free_paths(&aside);
    free_paths(&paths);
    return result;
}

/* ---- Loading ---- */

/* What has other keys, and other ranges, in a transformer. */
static int read_layer_sizes(db_model_config *config, const json_t *root, const char *where, db_error *error)
{
    const bool transformer = config->architecture == DOGBERRY_TRANSFORMER;
    if (db_json_u32(root, "layers", 1, transformer ? DB_LAYERS_MAX : DOGBERRY_LAYERS_MAX, &config->layers, where,
                    error) != 0)
        return -1;
    if (transformer)
        return db_transformer_from_json(config, root, where, error);
    return db_json_u32(root, "embedding_size", 1, 65535, &config->embedding, where, error) != 0 ||
                   db_json_u32(root, "hidden_size", 1, 65535, &config->hidden, where, error) != 0
               ? -1
               : 0;
}

static int read_sizes(db_model_dir *model, const json_t *root, const char *where, db_error *error)
{
    db_model_config *config = &model->config;
    uint32_t version, start;
    const char *name;
    if (db_json_u32(root, "format_version", 1, UINT32_MAX, &version, where, error) != 0)
        return -1;
    if (version > DB_MODEL_DIR_VERSION)
        return db_fail(error, "%s: format version %u is newer than this program; use a newer dogberry", where, version);
    if (db_json_text(root, "name", &name, where, error) != 0)
        return -1;
    if (strlen(name) >= sizeof model->name)
        return db_fail(error, "%s: \"name\" is longer than %zu bytes", where, sizeof model->name - 1);
    memcpy(model->name, name, strlen(name) + 1);
    if (read_choice(root, "architecture", ARCHITECTURES, &config->architecture, where, error) != 0 ||
        db_json_u32(root, "vocabulary_size", 16, 65535, &config->vocab, where, error) != 0 ||
        read_layer_sizes(config, root, where, error) != 0 ||
        read_choice(root, "output", OUTPUTS, &config->output, where, error) != 0 ||
        db_json_u32(root, "classes", 0, 65535, &config->classes, where, error) != 0 ||
        db_json_u32(root, "start_token", 0, config->vocab - 1, &start, where, error) != 0)
        return -1;
    model->start_token = (uint16_t)start;
    return db_model_config_check(config, error);
}

/* Absent in a model that was not tuned. */
static int read_tuned(db_model_dir *model, const json_t *root, const char *where, db_error *error)
{
    const json_t *tuned = json_object_get(root, "tuned");
    if (!tuned)
        return 0;
    if (db_json_u32(tuned, "bits", 4, 8, &model->tuned.bits, where, error) != 0)
        return -1;
    if (model->tuned.bits % 4 != 0)
        return db_fail(error, "%s: \"tuned\" must have 4 or 8 \"bits\"", where);
    if (model->config.architecture == DOGBERRY_TRANSFORMER)
        return 0;
    model->tuned.input_step = json_number_value(json_object_get(tuned, "input_step"));
    if (!(model->tuned.input_step >= 1e-30 && model->tuned.input_step <= 1e30))
        return db_fail(error, "%s: \"tuned\" must have a positive \"input_step\"", where);
    return 0;
}

static int load_tokenizer(db_model_dir *model, const json_t *root, const char *path, const char *where, db_error *error)
{
    const json_t *extra = json_object_get(root, "tokenizer");
    if (!json_is_object(extra))
        return db_fail(error, "%s: \"tokenizer\" must be an object", where);
    char *text = json_dumps(extra, JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert(text);
    int result = db_tokenizer_load(&model->tokenizer, path, text, error);
    free(text);
    if (result != 0)
        return -1;
    if (model->tokenizer.view.count != model->config.vocab)
        return db_fail(error, "%s: has %u entries where config.json says %u; the files are of different models", path,
                       model->tokenizer.view.count, model->config.vocab);
    return 0;
}

/* Compares one file with its checksum in config.json, where there is one. */
static int check_file(const json_t *root, const char *key, const char *path, db_error *error)
{
    const char *wanted = json_string_value(json_object_get(json_object_get(root, "checksums"), key));
    if (!wanted)
        return 0;
    char *found = file_checksum(path, error);
    if (!found)
        return -1;
    int result = strcmp(found, wanted) == 0
                     ? 0
                     : db_fail(error,
                               "%s: not the file that config.json was written with (%s, not %.20s); if you changed it "
                               "on purpose, remove \"checksums\" from config.json",
                               path, found, wanted);
    free(found);
    return result;
}

static int take_tensor(db_model_dir *model, const db_tensor *tensor, const db_safetensors *file, const char *where,
                       db_error *error)
{
    db_safetensor wanted;
    describe(&wanted, tensor, model->parameters);
    const db_safetensor *found = db_safetensors_find(file, tensor->name);
    if (!found)
        return db_fail(error, "%s: tensor \"%s\" is missing", where, tensor->name);
    if (found->rank != wanted.rank || memcmp(found->shape, wanted.shape, wanted.rank * sizeof wanted.shape[0]) != 0)
        return db_fail(error, "%s: tensor \"%s\" is not %u x %u, as config.json says", where, tensor->name,
                       tensor->rows, tensor->cols);
    memcpy(model->parameters + tensor->offset, found->values, found->count * sizeof(float));
    return 0;
}

static int load_weights(db_model_dir *model, const char *path, db_error *error)
{
    db_safetensors file;
    if (db_safetensors_read(&file, path, true, error) != 0)
        return -1;
    int result = 0;
    /* With every wanted tensor there, equal counts leave no room for a foreign one. */
    if (file.count != model->layout.count)
        result =
            db_fail(error, "%s: %zu tensors where config.json asks for %zu", path, file.count, model->layout.count);
    else if (file.value_count != model->layout.parameters) /* before room is made for them */
        result = db_fail(error, "%s: %zu values where config.json asks for %zu", path, file.value_count,
                         model->layout.parameters);
    if (result == 0)
        model->parameters = db_allocate(model->layout.parameters * sizeof(float));
    for (size_t i = 0; result == 0 && i < model->layout.count; i++)
        result = take_tensor(model, &model->layout.tensors[i], &file, path, error);
    db_safetensors_free(&file);
    return result;
}

static int take_config(db_model_dir *model, const json_t *root, const char *path, db_error *error)
{
    if (read_sizes(model, root, path, error) != 0 || read_tuned(model, root, path, error) != 0)
        return -1;
    db_layout_make(&model->layout, &model->config);
    uint64_t parameters;
    if (db_json_integer(root, "parameters", 1, INT64_MAX, &parameters, path, error) != 0)
        return -1;
    if (parameters != model->layout.parameters)
        return db_fail(error, "%s: \"parameters\" is %llu, but these sizes make %zu", path,
                       (unsigned long long)parameters, model->layout.parameters);
    const json_t *training = json_object_get(root, "training");
    if (!json_is_object(training))
        return db_fail(error, "%s: \"training\" must be an object", path);
    model->training = json_dumps(training, JSON_COMPACT | JSON_PRESERVE_ORDER);
    return 0;
}

int db_model_dir_parse_config(db_model_dir *model, const char *text, size_t length, const char *where, db_error *error)
{
    *model = (db_model_dir){0};
    json_t *root = db_json_object(text, length, where, error);
    int result = root ? take_config(model, root, where, error) : -1;
    json_decref(root);
    return result;
}

static int load_config(db_model_dir *model, json_t **root, const char *folder, const char *path, db_error *error)
{
    void *bytes;
    size_t length;
    if (access(path, F_OK) != 0)
        return db_fail(error, "%s: no model here (config.json: %s); `dogberry train TEXT... -o %s` makes one", folder,
                       strerror(errno), folder);
    if (db_file_read(path, &bytes, &length, error) != 0)
        return -1;
    *root = db_json_object(bytes, length, path, error);
    free(bytes);
    return *root ? take_config(model, *root, path, error) : -1;
}

int db_model_dir_load(db_model_dir *model, const char *folder, db_error *error)
{
    *model = (db_model_dir){0};
    file_paths paths = make_paths(folder, "");
    json_t *root = NULL;
    int result = load_config(model, &root, folder, paths.config, error);
    if (result == 0)
        result = check_file(root, "tokenizer.json", paths.tokenizer, error);
    if (result == 0)
        result = load_tokenizer(model, root, paths.tokenizer, paths.config, error);
    if (result == 0)
        result = load_weights(model, paths.weights, error);
    if (result == 0) /* after the reader, whose messages say more */
        result = check_file(root, "model.safetensors", paths.weights, error);
    if (result == 0 && access(paths.calibration, F_OK) == 0)
        result = db_corpus_add(&model->calibration, paths.calibration, true, error);
    json_decref(root);
    free_paths(&paths);
    return result;
}

void db_model_dir_free(db_model_dir *model)
{
    free(model->parameters);
    free(model->training);
    db_tokenizer_free(&model->tokenizer);
    db_corpus_free(&model->calibration);
    *model = (db_model_dir){0};
}
