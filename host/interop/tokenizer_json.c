/* SPDX-License-Identifier: MIT */
#include "interop/tokenizer_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "interop/json.h"
#include "interop/splitter_regex.h"

static void key_name(const db_tokenizer *tokenizer, uint32_t id, char name[DOGBERRY_KEY_MAX + 1])
{
    size_t length;
    const char *key = db_section_key(tokenizer, id, &length);
    memcpy(name, key, length);
    name[length] = 0;
}

json_t *db_vocabulary_to_json(const db_tokenizer *tokenizer)
{
    json_t *vocab = json_object();
    char name[DOGBERRY_KEY_MAX + 1];
    for (uint32_t id = 0; id < tokenizer->view.count; id++) {
        key_name(tokenizer, id, name);
        json_object_set_new(vocab, name, json_integer((json_int_t)id));
    }
    return vocab;
}

json_t *db_added_tokens(const db_tokenizer *tokenizer)
{
    json_t *added = json_array();
    char name[DOGBERRY_KEY_MAX + 1];
    for (uint32_t id = 0; id < tokenizer->view.count; id++) {
        if (!(db_section_flags(tokenizer, id) & DB_ENTRY_SPECIAL))
            continue;
        key_name(tokenizer, id, name);
        json_array_append_new(added, json_pack("{sisssbsbsbsbsb}", "id", (int)id, "content", name, "single_word", 0,
                                               "lstrip", 0, "rstrip", 0, "normalized", 0, "special", 1));
    }
    return added;
}

int db_vocabulary_mark_special(db_vocabulary *vocabulary, const char *text, const char *where, db_error *error)
{
    int64_t id = db_vocabulary_find(vocabulary, text);
    if (id < 0)
        return db_fail(error, "%s: the vocabulary has no \"%.48s\"", where, text);
    vocabulary->entries[id].flags = DB_ENTRY_SPECIAL;
    return 0;
}

int64_t db_vocabulary_find(const db_vocabulary *vocabulary, const char *text)
{
    for (size_t i = 0; i < vocabulary->count; i++)
        if (vocabulary->entries[i].key_length == strlen(text) &&
            memcmp(vocabulary->entries[i].key, text, vocabulary->entries[i].key_length) == 0)
            return (int64_t)i;
    return -1;
}

int db_vocabulary_read(db_vocabulary *vocabulary, const json_t *object, size_t most, const char *where, db_error *error)
{
    *vocabulary = (db_vocabulary){0};
    if (!json_is_object(object))
        return db_fail(error, "%s: \"model\" has no \"vocab\"", where);
    size_t count = json_object_size(object);
    if (count < 16 || count > DB_VOCAB_MAX)
        return db_fail(error, "%s: a vocabulary of %zu entries, must be 16 to %u", where, count, DB_VOCAB_MAX);
    vocabulary->entries = db_allocate(count * sizeof *vocabulary->entries);
    vocabulary->count = count;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        size_t length = strlen(key);
        if (id < 0 || id >= (json_int_t)count || vocabulary->entries[id].key)
            return db_fail(error, "%s: the id of \"%.48s\" is missing, doubled or not below %zu", where, key, count);
        if (length < 1 || length > most)
            return db_fail(error, "%s: entry %lld takes %zu bytes, must be 1 to %zu", where, (long long)id, length,
                           most);
        vocabulary->entries[id] = (db_entry){.key = key, .key_length = length};
    }
    return 0;
}

static json_t *to_json(const db_tokenizer *tokenizer)
{
    switch (tokenizer->view.kind) {
    case DOGBERRY_CHAR:
        return db_char_to_json(tokenizer);
    case DOGBERRY_BPE:
        return tokenizer->view.flags & DOGBERRY_BYTE_FALLBACK ? db_fallback_to_json(tokenizer)
                                                              : db_bpe_to_json(tokenizer);
    case DOGBERRY_SUBWORD:
        return db_subword_to_json(tokenizer);
    default:
        return db_word_to_json(tokenizer);
    }
}

/* What Hugging Face's layout has no place for. */
static json_t *extra_of(const db_tokenizer *tokenizer)
{
    if (tokenizer->view.kind == DOGBERRY_WORD)
        return db_word_extra(tokenizer);
    static const char *const kinds[] = {
        [DOGBERRY_CHAR] = "char", [DOGBERRY_BPE] = "bpe", [DOGBERRY_SUBWORD] = "subword"};
    return json_pack("{ss}", "kind", kinds[tokenizer->view.kind]);
}

int db_tokenizer_save(const db_tokenizer *tokenizer, const char *path, char **extra, db_error *error)
{
    json_t *root = to_json(tokenizer);
    char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    db_output output;
    int result = -1;
    if (!text)
        db_fail(error, "%s: the tokenizer cannot be written as JSON", path);
    else if (db_output_open(&output, path, error) == 0) {
        db_output_printf(&output, "%s\n", text);
        result = db_output_commit(&output, error);
    }
    free(text);
    if (result)
        return -1;
    json_t *rest = extra_of(tokenizer);
    *extra = json_dumps(rest, JSON_INDENT(1));
    json_decref(rest);
    return 0;
}

static int from_json(db_tokenizer *tokenizer, const json_t *root, const json_t *extra, const char *path,
                     db_error *error)
{
    const json_t *model = json_object_get(root, "model");
    const char *type = json_string_value(json_object_get(model, "type"));
    if (!type)
        return db_fail(error, "%s: no \"model\" with a \"type\"; this is not a tokenizer.json", path);
    if (strcmp(type, "BPE") == 0)
        return db_is_fallback_json(root) ? db_fallback_from_json(tokenizer, root, path, error)
                                         : db_bpe_from_json(tokenizer, root, path, error);
    if (strcmp(type, "WordPiece") == 0)
        return db_subword_from_json(tokenizer, root, path, error);
    if (db_is_char_json(root))
        return db_char_from_json(tokenizer, root, path, error);
    if (strcmp(type, "WordLevel") == 0)
        return db_word_from_json(tokenizer, root, extra, path, error);
    return db_fail(error, "%s: tokenizers of type %.40s are not supported", path, type);
}

int db_tokenizer_parse(db_tokenizer *tokenizer, const char *file, size_t length, const char *extra, const char *where,
                       db_error *error)
{
    *tokenizer = (db_tokenizer){0};
    json_t *root = db_json_object(file, length, where, error), *rest = NULL;
    int result = root ? 0 : -1;
    if (!result && extra) {
        rest = db_json_object(extra, strlen(extra), "config.json: \"tokenizer\"", error);
        result = rest ? 0 : -1;
    }
    if (!result)
        result = from_json(tokenizer, root, rest, where, error);
    if (result)
        db_tokenizer_free(tokenizer);
    json_decref(root);
    json_decref(rest);
    return result;
}

int db_tokenizer_load(db_tokenizer *tokenizer, const char *path, const char *extra, db_error *error)
{
    void *bytes;
    size_t length;
    *tokenizer = (db_tokenizer){0};
    if (db_file_read(path, &bytes, &length, error))
        return -1;
    int result = db_tokenizer_parse(tokenizer, bytes, length, extra, path, error);
    free(bytes);
    return result;
}
