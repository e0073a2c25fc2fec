/* BPE with byte fallback in Hugging Face's layout, as its converters write sentencepiece models: spaces as U+2581, one
 * put before each text, bytes by name, no pre_tokenizer.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interop/tokenizer_json.h"
#include "text/fallback.h"

#define SPACE_MARK "\xE2\x96\x81"
enum { MARK_LENGTH = 3, WRITTEN_MAX = MARK_LENGTH * DOGBERRY_KEY_MAX + 1 };

static json_t *normalizer(void)
{
    return json_pack("{sss[{ssss}{sss{ss}ss}]}", "type", "Sequence", "normalizers", "type", "Prepend", "prepend",
                     SPACE_MARK, "type", "Replace", "pattern", "String", " ", "content", SPACE_MARK);
}

static json_t *decoder(void)
{
    return json_pack("{sss[{sss{ss}ss}{ss}{ss}{sssssisi}]}", "type", "Sequence", "decoders", "type", "Replace",
                     "pattern", "String", SPACE_MARK, "content", " ", "type", "ByteFallback", "type", "Fuse", "type",
                     "Strip", "content", " ", "start", 1, "stop", 0);
}

/* A piece as the file writes it. */
static void write_piece(const db_tokenizer *tokenizer, uint32_t id, char written[WRITTEN_MAX])
{
    char text[DOGBERRY_KEY_MAX];
    const size_t length = db_fallback_text(tokenizer, id, text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ' ') {
            memcpy(written, SPACE_MARK, MARK_LENGTH);
            written += MARK_LENGTH;
        } else {
            *written++ = text[i];
        }
    }
    *written = 0;
}

/* The special tokens but those that are names of bytes, which the model itself knows. */
static json_t *added_tokens(const db_tokenizer *tokenizer)
{
    json_t *all = db_added_tokens(tokenizer);
    for (size_t i = json_array_size(all); i-- > 0;) {
        const char *text = json_string_value(json_object_get(json_array_get(all, i), "content"));
        uint8_t byte;
        if (db_fallback_byte(text, strlen(text), &byte))
            json_array_remove(all, i);
    }
    return all;
}

json_t *db_fallback_to_json(const db_tokenizer *tokenizer)
{
    char left[WRITTEN_MAX], right[WRITTEN_MAX];
    json_t *vocab = json_object(), *list = json_array();
    for (uint32_t id = 0; id < tokenizer->view.count; id++) {
        write_piece(tokenizer, id, left);
        json_object_set_new(vocab, left, json_integer((json_int_t)id));
    }
    db_merge *merges = db_section_merges(tokenizer);
    for (uint32_t i = 0; i < tokenizer->view.merge_count; i++) {
        write_piece(tokenizer, merges[i].left, left);
        write_piece(tokenizer, merges[i].right, right);
        json_array_append_new(list, json_pack("[ss]", left, right));
    }
    free(merges);
    json_t *model = json_pack("{sssnsssnsnsbsbsbsoso}", "type", "BPE", "dropout", "unk_token", DB_UNKNOWN_TEXT,
                              "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 1, "byte_fallback", 1,
                              "ignore_merges", 0, "vocab", vocab, "merges", list);
    return json_pack("{sssnsnsososnsnsoso}", "version", "1.0", "truncation", "padding", "added_tokens",
                     added_tokens(tokenizer), "normalizer", normalizer(), "pre_tokenizer", "post_processor", "decoder",
                     decoder(), "model", model);
}

bool db_is_fallback_json(const json_t *root)
{
    return json_is_true(json_object_get(json_object_get(root, "model"), "byte_fallback"));
}

static int check_pipeline(const json_t *root, const char *where, db_error *error)
{
    json_t *ours = normalizer();
    const bool same = json_equal(ours, json_object_get(root, "normalizer"));
    json_decref(ours);
    if (!same || !json_is_null(json_object_get(root, "pre_tokenizer")))
        return db_fail(error,
                       "%s: a BPE with byte_fallback must put U+2581 before a text and in place of spaces by its "
                       "normalizer, and have no pre_tokenizer, to be used here",
                       where);
    const json_t *model = json_object_get(root, "model"), *prefix = json_object_get(model, "continuing_subword_prefix"),
                 *suffix = json_object_get(model, "end_of_word_suffix");
    if ((prefix && !json_is_null(prefix)) || (suffix && !json_is_null(suffix)) ||
        json_is_true(json_object_get(model, "ignore_merges")))
        return db_fail(error, "%s: a BPE with a prefix, a suffix or \"ignore_merges\" is not supported", where);
    return 0;
}

/* Marks become spaces; the texts live in `*texts`. */
static int read_texts(db_vocabulary *vocabulary, char **texts, const char *where, db_error *error)
{
    *texts = db_allocate(vocabulary->count * DOGBERRY_KEY_MAX + 1);
    for (size_t id = 0; id < vocabulary->count; id++) {
        db_entry *entry = &vocabulary->entries[id];
        char *place = *texts + id * DOGBERRY_KEY_MAX;
        size_t length = 0, at = 0;
        for (; at < entry->key_length && length < DOGBERRY_KEY_MAX; length++) {
            const bool mark = strncmp(entry->key + at, SPACE_MARK, MARK_LENGTH) == 0;
            place[length] = mark ? ' ' : entry->key[at];
            at += mark ? MARK_LENGTH : 1;
        }
        if (at < entry->key_length)
            return db_fail(error, "%s: entry %zu takes more than %d bytes", where, id, DOGBERRY_KEY_MAX);
        entry->key = place;
        entry->key_length = length;
    }
    return 0;
}

static int mark_specials(db_vocabulary *vocabulary, const json_t *added, const char *where, db_error *error)
{
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)added, index, token)
    {
        const char *text = json_string_value(json_object_get(token, "content"));
        if (!text || !json_is_true(json_object_get(token, "special")))
            return db_fail(error, "%s: added token %zu is not special; such tokens are not supported", where, index);
        if (db_vocabulary_mark_special(vocabulary, text, where, error))
            return -1;
    }
    const int64_t end = db_vocabulary_find(vocabulary, DB_DOCUMENT_SEPARATOR);
    if (end < 0 || !vocabulary->entries[end].flags)
        return db_fail(error, "%s: no special token \"" DB_DOCUMENT_SEPARATOR "\"", where);
    return 0;
}

int db_fallback_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error)
{
    const json_t *model = json_object_get(root, "model");
    db_vocabulary vocabulary = {0};
    db_merge *merges = NULL;
    char *texts = NULL;
    size_t count = 0;
    int result = check_pipeline(root, where, error) ||
                 db_vocabulary_read(&vocabulary, json_object_get(model, "vocab"), WRITTEN_MAX - 1, where, error) ||
                 mark_specials(&vocabulary, json_object_get(root, "added_tokens"), where, error) ||
                 db_bpe_read_merges(&merges, &count, model, where, error) ||
                 read_texts(&vocabulary, &texts, where, error) ||
                 db_fallback_build(tokenizer, vocabulary.entries, vocabulary.count, merges, count, error);
    free(vocabulary.entries);
    free(merges);
    free(texts);
    return result ? -1 : 0;
}
