/* Character tokenizers: WordLevel over pieces of one character.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "interop/tokenizer_json.h"

static json_t *one_character(void)
{
    return json_pack("{sss{ss}sssb}", "type", "Split", "pattern", "Regex", "\\n|[^\\n]", "behavior", "Isolated",
                     "invert", 0);
}

json_t *db_char_to_json(const db_tokenizer *tokenizer)
{
    return json_pack("{sssnsnsosnsosns{ss}s{sssoss}}", "version", "1.0", "truncation", "padding", "added_tokens",
                     db_added_tokens(tokenizer), "normalizer", "pre_tokenizer", one_character(), "post_processor",
                     "decoder", "type", "Fuse", "model", "type", "WordLevel", "vocab", db_vocabulary_to_json(tokenizer),
                     "unk_token", DB_UNKNOWN_TEXT);
}

bool db_is_char_json(const json_t *root)
{
    json_t *pattern = one_character();
    bool same = json_equal(pattern, json_object_get(root, "pre_tokenizer"));
    json_decref(pattern);
    return same;
}

int db_char_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error)
{
    db_vocabulary vocabulary = {0};
    if (!json_is_null(json_object_get(root, "normalizer")))
        return db_fail(error, "%s: character tokenizers with a normalizer are not supported", where);
    int result = db_vocabulary_read(&vocabulary, json_object_get(json_object_get(root, "model"), "vocab"),
                                    DOGBERRY_KEY_MAX, where, error) ||
                 db_vocabulary_mark_special(&vocabulary, DB_UNKNOWN_TEXT, where, error) ||
                 db_vocabulary_mark_special(&vocabulary, DB_DOCUMENT_SEPARATOR, where, error) ||
                 db_section_build(tokenizer, DOGBERRY_CHAR, vocabulary.entries, vocabulary.count, 0, error);
    free(vocabulary.entries);
    return result ? -1 : 0;
}
