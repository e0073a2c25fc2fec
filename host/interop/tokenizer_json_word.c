/* Word tokenizers: WordLevel, with the splitter as regular expressions.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interop/json.h"
#include "interop/splitter_regex.h"
#include "interop/tokenizer_json.h"
#include "text/intern.h"
#include "text/spelling.h"

#define EXTRA "config.json: \"tokenizer\""

static json_t *key_text(const db_tokenizer *tokenizer, uint32_t id)
{
    size_t length;
    const char *key = db_section_key(tokenizer, id, &length);
    return json_stringn(key, length);
}

static void set_key(json_t *object, const db_tokenizer *tokenizer, uint32_t id, json_t *value)
{
    char name[DOGBERRY_KEY_MAX + 1] = "";
    size_t length;
    const char *key = db_section_key(tokenizer, id, &length);
    memcpy(name, key, length);
    json_object_set_new(object, name, value);
}

json_t *db_word_to_json(const db_tokenizer *tokenizer)
{
    json_t *normalizer, *pre_tokenizer;
    db_splitter_to_json(&normalizer, &pre_tokenizer);
    return json_pack("{sssnsnsosososnsns{sssoss}}", "version", "1.0", "truncation", "padding", "added_tokens",
                     db_added_tokens(tokenizer), "normalizer", normalizer, "pre_tokenizer", pre_tokenizer,
                     "post_processor", "decoder", "model", "type", "WordLevel", "vocab",
                     db_vocabulary_to_json(tokenizer), "unk_token", DB_UNKNOWN_TEXT);
}

/* The texts of all entries that carry a flag. */
static json_t *keys_with(const db_tokenizer *tokenizer, uint8_t flag)
{
    json_t *list = json_array();
    for (uint32_t id = 0; id < tokenizer->view.count; id++)
        if (db_section_flags(tokenizer, id) & flag)
            json_array_append_new(list, key_text(tokenizer, id));
    return list;
}

/* Only entries that do not print as their key. */
static json_t *displays(const db_tokenizer *tokenizer)
{
    json_t *object = json_object();
    for (uint32_t id = 0; id < tokenizer->view.count; id++) {
        char text[DOGBERRY_KEY_MAX];
        size_t key_length, length = db_section_display(tokenizer, id, text);
        const char *key = db_section_key(tokenizer, id, &key_length);
        if (length != key_length || memcmp(text, key, length) != 0)
            set_key(object, tokenizer, id, json_stringn(text, length));
    }
    return object;
}

json_t *db_word_extra(const db_tokenizer *tokenizer)
{
    char *spelling = db_spelling_to_json(&tokenizer->spelling);
    json_t *extra =
        json_pack("{sssbsbsososososo}", "kind", "word", "capital_sentences",
                  (tokenizer->view.flags & DOGBERRY_CAPITALIZE_SENTENCES) != 0, "capital_lines",
                  (tokenizer->view.flags & DOGBERRY_CAPITALIZE_LINES) != 0, "no_space_before",
                  keys_with(tokenizer, DOGBERRY_GLUE_LEFT), "no_space_after", keys_with(tokenizer, DOGBERRY_GLUE_RIGHT),
                  "ends_sentence", keys_with(tokenizer, DOGBERRY_ENDS_SENTENCE), "display", displays(tokenizer),
                  "spelling", json_loads(spelling, 0, NULL));
    free(spelling);
    return extra;
}

/* Finds entries by key in O(1): vocabularies have tens of thousands of displays. */
static void index_keys(db_intern *keys, const db_vocabulary *vocabulary)
{
    for (size_t i = 0; i < vocabulary->count; i++)
        db_intern_add(keys, vocabulary->entries[i].key, vocabulary->entries[i].key_length);
}

static int read_flag(db_vocabulary *vocabulary, const db_intern *keys, const json_t *extra, const char *name,
                     unsigned flag, db_error *error)
{
    const json_t *list = json_object_get(extra, name);
    if (!json_is_array(list))
        return db_fail(error, EXTRA ": \"%s\" is missing or no list", name);
    size_t index;
    json_t *value;
    json_array_foreach((json_t *)list, index, value)
    {
        const char *text = json_string_value(value);
        int64_t id = text ? db_intern_find(keys, text, strlen(text)) : -1;
        if (id < 0)
            return db_fail(error, EXTRA ": \"%s\" names \"%.48s\", which is not in the vocabulary", name,
                           text ? text : "(no text)");
        vocabulary->entries[id].flags = (uint8_t)(vocabulary->entries[id].flags | flag);
    }
    return 0;
}

static int read_displays(db_vocabulary *vocabulary, const db_intern *keys, const json_t *extra, db_error *error)
{
    const json_t *object = json_object_get(extra, "display");
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return db_fail(error, EXTRA ": \"display\" is missing or no object");
    json_object_foreach((json_t *)object, key, value)
    {
        int64_t id = db_intern_find(keys, key, strlen(key));
        const char *text = json_string_value(value);
        if (id < 0)
            return db_fail(error, EXTRA ": \"display\" names \"%.48s\", which is not in the vocabulary", key);
        if (!text || strlen(text) < 1 || strlen(text) > DOGBERRY_KEY_MAX)
            return db_fail(error, EXTRA ": the display of \"%.48s\" must be a text of 1 to %d bytes", key,
                           DOGBERRY_KEY_MAX);
        vocabulary->entries[id].display = text;
        vocabulary->entries[id].display_length = strlen(text);
    }
    return 0;
}

static int read_bool(const json_t *object, const char *name, uint32_t flag, uint32_t *flags, db_error *error)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_boolean(value))
        return db_fail(error, EXTRA ": \"%s\" must be true or false", name);
    *flags |= json_is_true(value) ? flag : 0;
    return 0;
}

static int read_extra(db_vocabulary *vocabulary, uint32_t *flags, const json_t *extra, db_error *error)
{
    db_intern keys = {0};
    index_keys(&keys, vocabulary);
    int result = read_bool(extra, "capital_sentences", DOGBERRY_CAPITALIZE_SENTENCES, flags, error) ||
                 read_bool(extra, "capital_lines", DOGBERRY_CAPITALIZE_LINES, flags, error) ||
                 read_flag(vocabulary, &keys, extra, "no_space_before", DOGBERRY_GLUE_LEFT, error) ||
                 read_flag(vocabulary, &keys, extra, "no_space_after", DOGBERRY_GLUE_RIGHT, error) ||
                 read_flag(vocabulary, &keys, extra, "ends_sentence", DOGBERRY_ENDS_SENTENCE, error) ||
                 read_displays(vocabulary, &keys, extra, error);
    db_intern_free(&keys);
    return result ? -1 : 0;
}

static int read_spelling(db_spelling *spelling, const json_t *extra, db_error *error)
{
    char *text = json_dumps(json_object_get(extra, "spelling"), JSON_ENCODE_ANY);
    int result = db_spelling_from_json(spelling, text ? text : "", error);
    free(text);
    return result;
}

/* What other software would do with the text must be what our splitter does. */
static int check_pipeline(const json_t *root, const char *where, db_error *error)
{
    json_t *normalizer, *pre_tokenizer;
    db_splitter_to_json(&normalizer, &pre_tokenizer);
    int same = json_equal(normalizer, json_object_get(root, "normalizer")) &&
               json_equal(pre_tokenizer, json_object_get(root, "pre_tokenizer"));
    json_decref(normalizer);
    json_decref(pre_tokenizer);
    return same ? 0
                : db_fail(error,
                          "%s: its normalizer or pre_tokenizer is not Dogberry's, so words would be cut "
                          "differently; only word tokenizers made by dogberry can be used",
                          where);
}

int db_word_from_json(db_tokenizer *tokenizer, const json_t *root, const json_t *extra, const char *where,
                      db_error *error)
{
    if (!extra)
        return db_fail(error, "%s: word spellings are missing; they are in config.json beside it", where);
    const char *kind = json_string_value(json_object_get(extra, "kind"));
    if (!kind || strcmp(kind, "word") != 0)
        return db_fail(error, "%s: config.json names the kind \"%.40s\", but the pre_tokenizer is not that one's",
                       where, kind ? kind : "(none)");
    db_vocabulary vocabulary = {0};
    uint32_t flags = 0;
    int result = db_vocabulary_read(&vocabulary, json_object_get(json_object_get(root, "model"), "vocab"),
                                    DOGBERRY_KEY_MAX, where, error) ||
                 db_vocabulary_mark_special(&vocabulary, DB_UNKNOWN_TEXT, where, error) ||
                 db_vocabulary_mark_special(&vocabulary, DB_DOCUMENT_SEPARATOR, where, error) ||
                 read_extra(&vocabulary, &flags, extra, error) ||
                 db_section_build(tokenizer, DOGBERRY_WORD, vocabulary.entries, vocabulary.count, flags, error) ||
                 read_spelling(&tokenizer->spelling, extra, error) || check_pipeline(root, where, error);
    free(vocabulary.entries);
    return result ? -1 : 0;
}
