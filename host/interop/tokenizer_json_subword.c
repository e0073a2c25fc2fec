/* Subword tokenizers: WordPiece without a prefix, over the pieces of a BPE or over the text as it is.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "interop/tokenizer_json.h"

/* Longer than any text, where the whole of it is looked at as one word. */
enum { LONGEST_WORD = 1000000000 };

static json_t *pieces(uint32_t flags)
{
    if (flags & DOGBERRY_ACROSS_PIECES)
        return json_null();
    return json_pack("{sss{ss}sssb}", "type", "Split", "pattern", "Regex", DB_BPE_PIECES, "behavior", "Isolated",
                     "invert", 0);
}

/* A to Z replaced by a to z, letter by letter: "Lowercase" would change other letters too. */
static json_t *folding(void)
{
    json_t *steps = json_array();
    for (int capital = 'A'; capital <= 'Z'; capital++) {
        const char from[] = {(char)capital, 0}, to[] = {(char)(capital + 32), 0};
        json_array_append_new(steps,
                              json_pack("{sss{ss}ss}", "type", "Replace", "pattern", "String", from, "content", to));
    }
    return json_pack("{ssso}", "type", "Sequence", "normalizers", steps);
}

static json_t *model_of(const db_tokenizer *tokenizer)
{
    return json_pack("{sssssssiso}", "type", "WordPiece", "unk_token", DB_UNKNOWN_TEXT, "continuing_subword_prefix", "",
                     "max_input_chars_per_word",
                     tokenizer->view.flags & DOGBERRY_ACROSS_PIECES ? LONGEST_WORD : DB_SUBWORD_PIECE_MAX, "vocab",
                     db_vocabulary_to_json(tokenizer));
}

json_t *db_subword_to_json(const db_tokenizer *tokenizer)
{
    json_t *normalizer = tokenizer->view.flags & DOGBERRY_FOLD_CAPITALS ? folding() : json_null();
    return json_pack("{sssnsnsosososns{ss}so}", "version", "1.0", "truncation", "padding", "added_tokens",
                     db_added_tokens(tokenizer), "normalizer", normalizer, "pre_tokenizer",
                     pieces(tokenizer->view.flags), "post_processor", "decoder", "type", "Fuse", "model",
                     model_of(tokenizer));
}

/* Whether text goes the way that the runtime takes it; *flags gets the section's. */
static int check_pipeline(const json_t *root, uint32_t *flags, const char *where, db_error *error)
{
    const json_t *model = json_object_get(root, "model"), *normalizer = json_object_get(root, "normalizer");
    const json_t *cuts = json_object_get(root, "pre_tokenizer");
    const char *prefix = json_string_value(json_object_get(model, "continuing_subword_prefix"));
    json_t *ours = pieces(0), *folds = folding();
    const bool across = json_is_null(cuts), same = across || json_equal(ours, cuts);
    *flags = (json_equal(folds, normalizer) ? DOGBERRY_FOLD_CAPITALS : 0) | (across ? DOGBERRY_ACROSS_PIECES : 0);
    json_decref(ours);
    json_decref(folds);
    if (!prefix || prefix[0])
        return db_fail(error, "%s: a WordPiece with a prefix for what continues a word is not supported", where);
    if (normalizer && !json_is_null(normalizer) && !(*flags & DOGBERRY_FOLD_CAPITALS))
        return db_fail(error, "%s: of normalizers only A to Z by a to z is supported for a WordPiece", where);
    if (json_integer_value(json_object_get(model, "max_input_chars_per_word")) < DB_SUBWORD_PIECE_MAX)
        return db_fail(error, "%s: \"max_input_chars_per_word\" must be at least %d", where, DB_SUBWORD_PIECE_MAX);
    return same ? 0
                : db_fail(error,
                          "%s: its pre_tokenizer cuts text differently; a WordPiece must have the one in "
                          "docs/FORMAT.md, \"BPE pieces\", or null, to be used here",
                          where);
}

/* Other special tokens than the two that have a meaning; text is never turned into them. */
static int mark_others(db_vocabulary *vocabulary, const json_t *added, const char *where, db_error *error)
{
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)added, index, token)
    {
        const char *text = json_string_value(json_object_get(token, "content"));
        if (text && json_is_true(json_object_get(token, "special")) &&
            db_vocabulary_mark_special(vocabulary, text, where, error))
            return -1;
    }
    return 0;
}

int db_subword_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error)
{
    const json_t *model = json_object_get(root, "model");
    const char *unknown = json_string_value(json_object_get(model, "unk_token"));
    db_vocabulary vocabulary = {0};
    uint32_t flags;
    if (!unknown || strcmp(unknown, DB_UNKNOWN_TEXT) != 0)
        return db_fail(error, "%s: \"unk_token\" must be \"" DB_UNKNOWN_TEXT "\"", where);
    int result = check_pipeline(root, &flags, where, error) ||
                 db_vocabulary_read(&vocabulary, json_object_get(model, "vocab"), DOGBERRY_KEY_MAX, where, error) ||
                 db_vocabulary_mark_special(&vocabulary, DB_DOCUMENT_SEPARATOR, where, error) ||
                 mark_others(&vocabulary, json_object_get(root, "added_tokens"), where, error) ||
                 (db_vocabulary_find(&vocabulary, DB_UNKNOWN_TEXT) >= 0 &&
                  db_vocabulary_mark_special(&vocabulary, DB_UNKNOWN_TEXT, where, error)) ||
                 db_section_build(tokenizer, DOGBERRY_SUBWORD, vocabulary.entries, vocabulary.count, flags, error);
    free(vocabulary.entries);
    return result ? -1 : 0;
}
