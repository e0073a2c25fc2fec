/* Byte-level BPE in Hugging Face's layout. A byte is written as the character that GPT-2's
 * alphabet gives it: printable Latin-1 stands for itself, the other bytes take U+0100 and up.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interop/tokenizer_json.h"
#include "text/utf8.h"

enum { ALPHABET_END = 0x144, WRITTEN_MAX = 2 * DOGBERRY_KEY_MAX + 1 };

static bool stands_for_itself(uint32_t byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

/* Fills the two directions; `bytes` holds -1 where a character stands for no byte. */
static void make_alphabet(uint32_t characters[256], int bytes[ALPHABET_END])
{
    uint32_t next = 0x100;
    for (int i = 0; i < ALPHABET_END; i++)
        bytes[i] = -1;
    for (uint32_t byte = 0; byte < 256; byte++) {
        characters[byte] = stands_for_itself(byte) ? byte : next++;
        bytes[characters[byte]] = (int)byte;
    }
}

/* Raw bytes to the alphabet; `text` has room for WRITTEN_MAX. */
static void write_bytes(const uint32_t characters[256], const char *bytes, size_t length, char *text)
{
    for (size_t i = 0; i < length; i++)
        text += db_utf8_encode(characters[(unsigned char)bytes[i]], text);
    *text = 0;
}

/* And back. Returns the number of bytes, 0 where a character is not of the alphabet or there are too many. */
static size_t read_bytes(const int alphabet[ALPHABET_END], const char *text, size_t length, char *bytes)
{
    size_t count = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code = ALPHABET_END;
        size_t used = db_utf8_decode(text + at, length - at, &code);
        if (!used || code >= ALPHABET_END || alphabet[code] < 0 || count == DOGBERRY_KEY_MAX)
            return 0;
        bytes[count++] = (char)alphabet[code];
        at += used;
    }
    return count;
}

static json_t *pre_tokenizer(int trim_offsets)
{
    return json_pack("{sss[{sss{ss}sssb}{sssbsbsb}]}", "type", "Sequence", "pretokenizers", "type", "Split", "pattern",
                     "Regex", DB_BPE_PIECES, "behavior", "Isolated", "invert", 0, "type", "ByteLevel",
                     "add_prefix_space", 0, "trim_offsets", trim_offsets, "use_regex", 0);
}

/* A token as the file writes it; specials are plain text. */
static void write_key(const db_tokenizer *tokenizer, const uint32_t characters[256], uint32_t id, char *text)
{
    size_t length;
    const char *key = db_section_key(tokenizer, id, &length);
    if (db_section_flags(tokenizer, id) & DB_ENTRY_SPECIAL) {
        memcpy(text, key, length);
        text[length] = 0;
    } else {
        write_bytes(characters, key, length, text);
    }
}

json_t *db_bpe_to_json(const db_tokenizer *tokenizer)
{
    uint32_t characters[256];
    int bytes[ALPHABET_END];
    char left[WRITTEN_MAX], right[WRITTEN_MAX];
    make_alphabet(characters, bytes);
    json_t *vocab = json_object(), *list = json_array();
    for (uint32_t id = 0; id < tokenizer->view.count; id++) {
        write_key(tokenizer, characters, id, left);
        json_object_set_new(vocab, left, json_integer((json_int_t)id));
    }
    db_merge *merges = db_section_merges(tokenizer);
    for (uint32_t i = 0; i < tokenizer->view.merge_count; i++) {
        write_key(tokenizer, characters, merges[i].left, left);
        write_key(tokenizer, characters, merges[i].right, right);
        json_array_append_new(list, json_pack("[ss]", left, right));
    }
    free(merges);
    json_t *model = json_pack("{sssnsnsnsnsbsbsbsoso}", "type", "BPE", "dropout", "unk_token",
                              "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 0, "byte_fallback", 0,
                              "ignore_merges", 0, "vocab", vocab, "merges", list);
    return json_pack("{sssnsnsosnsosns{sssbsbsb}so}", "version", "1.0", "truncation", "padding", "added_tokens",
                     db_added_tokens(tokenizer), "normalizer", "pre_tokenizer", pre_tokenizer(1), "post_processor",
                     "decoder", "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1, "use_regex", 0, "model",
                     model);
}

static bool is_off(const json_t *model, const char *name)
{
    const json_t *value = json_object_get(model, name);
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static int check_pipeline(const json_t *root, const json_t *model, const char *where, db_error *error)
{
    static const char *const options[] = {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback",
                                          "ignore_merges"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (!is_off(model, options[i]))
            return db_fail(error, "%s: a BPE with \"%s\" is not supported", where, options[i]);
    if (!is_off(root, "normalizer"))
        return db_fail(error, "%s: a BPE with a normalizer is not supported", where);
    bool same = false;
    for (int trim_offsets = 0; trim_offsets < 2; trim_offsets++) { /* which changes no ids */
        json_t *ours = pre_tokenizer(trim_offsets);
        same |= json_equal(ours, json_object_get(root, "pre_tokenizer"));
        json_decref(ours);
    }
    return same ? 0
                : db_fail(error,
                          "%s: its pre_tokenizer cuts text differently; a BPE must be trained with the one in "
                          "docs/FORMAT.md, \"BPE pieces\", to be used here",
                          where);
}

/* Marks the special tokens; others that are matched in the text before anything else cannot be kept. */
static int mark_added(db_vocabulary *vocabulary, const json_t *added, const char *where, db_error *error)
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
    int64_t end = db_vocabulary_find(vocabulary, DB_DOCUMENT_SEPARATOR);
    if (end < 0 || !vocabulary->entries[end].flags)
        return db_fail(error, "%s: no special token \"" DB_DOCUMENT_SEPARATOR "\"", where);
    return 0;
}

/* Turns the keys into raw bytes, which live in `*texts`. */
static int decode_keys(db_vocabulary *vocabulary, const int alphabet[ALPHABET_END], char **texts, const char *where,
                       db_error *error)
{
    *texts = db_allocate(vocabulary->count * DOGBERRY_KEY_MAX + 1);
    for (size_t id = 0; id < vocabulary->count; id++) {
        db_entry *entry = &vocabulary->entries[id];
        char *place = *texts + id * DOGBERRY_KEY_MAX;
        if (entry->flags && entry->key_length <= DOGBERRY_KEY_MAX)
            continue;
        size_t length = read_bytes(alphabet, entry->key, entry->key_length, place);
        if (length == 0 || entry->flags)
            return db_fail(error, "%s: entry %zu is not written in the byte alphabet, or stands for more than %d bytes",
                           where, id, DOGBERRY_KEY_MAX);
        entry->key = place;
        entry->key_length = length;
    }
    return 0;
}

/* One merge is ["left", "right"] or, as older files have it, "left right". */
static int read_pair(const json_t *item, char *left, char *right)
{
    const char *first = json_string_value(json_array_get(item, 0)),
               *second = json_string_value(json_array_get(item, 1));
    const char *joined = json_string_value(item), *space = joined ? strchr(joined, ' ') : NULL;
    size_t length = space ? (size_t)(space - joined) : first ? strlen(first) : WRITTEN_MAX;
    if (space) {
        first = joined;
        second = space + 1;
    }
    if (!first || !second || length >= WRITTEN_MAX || strlen(second) >= WRITTEN_MAX)
        return -1;
    memcpy(left, first, length);
    left[length] = 0;
    strcpy(right, second);
    return 0;
}

static int64_t find_id(const json_t *vocab, const char *text)
{
    const json_t *id = json_object_get(vocab, text);
    return id ? (int64_t)json_integer_value(id) : -1;
}

int db_bpe_read_merges(db_merge **merges, size_t *count, const json_t *model, const char *where, db_error *error)
{
    const json_t *list = json_object_get(model, "merges"), *vocab = json_object_get(model, "vocab");
    char left[2 * WRITTEN_MAX], right[WRITTEN_MAX];
    if (!json_is_array(list))
        return db_fail(error, "%s: \"merges\" is missing or no list", where);
    *count = json_array_size(list);
    *merges = db_allocate((*count + 1) * sizeof **merges);
    for (size_t i = 0; i < *count; i++) {
        if (read_pair(json_array_get(list, i), left, right))
            return db_fail(error, "%s: merge %zu is not a pair of texts", where, i);
        int64_t first = find_id(vocab, left), second = find_id(vocab, right),
                result = find_id(vocab, strcat(left, right));
        if (first < 0 || second < 0 || result < 0)
            return db_fail(error, "%s: merge %zu makes or takes a token that the vocabulary lacks", where, i);
        (*merges)[i] = (db_merge){(uint16_t)first, (uint16_t)second, (uint16_t)result};
    }
    return 0;
}

/* Two bytes in the file may stand for one, so keys may be twice as long there. */
static int read_vocabulary(db_vocabulary *vocabulary, char **texts, const json_t *root, const char *where,
                           db_error *error)
{
    uint32_t characters[256];
    int alphabet[ALPHABET_END];
    make_alphabet(characters, alphabet);
    return db_vocabulary_read(vocabulary, json_object_get(json_object_get(root, "model"), "vocab"), WRITTEN_MAX - 1,
                              where, error) ||
           mark_added(vocabulary, json_object_get(root, "added_tokens"), where, error) ||
           decode_keys(vocabulary, alphabet, texts, where, error);
}

int db_bpe_from_json(db_tokenizer *tokenizer, const json_t *root, const char *where, db_error *error)
{
    const json_t *model = json_object_get(root, "model");
    db_vocabulary vocabulary = {0};
    db_merge *merges = NULL;
    char *texts = NULL;
    size_t count = 0;
    int result = check_pipeline(root, model, where, error) ||
                 read_vocabulary(&vocabulary, &texts, root, where, error) ||
                 db_bpe_read_merges(&merges, &count, model, where, error) ||
                 db_section_build_bpe(tokenizer, vocabulary.entries, vocabulary.count, merges, count, 0, error);
    free(vocabulary.entries);
    free(merges);
    free(texts);
    return result ? -1 : 0;
}
