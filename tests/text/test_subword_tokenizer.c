/* Subwords: every entry is used, the longest one is taken, and what is read differently is known.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "text/section.h"
#include "text/stories.h"
#include "text/tokenizer.h"

enum { TEXT_BYTES = 150000 };

static void add_stories(db_corpus *corpus, size_t bytes)
{
    char *text;
    size_t length;
    db_stories_make(&text, &length, bytes, 3);
    for (char *at = text; at;) {
        char *end = strstr(at, DB_DOCUMENT_SEPARATOR "\n");
        db_corpus_add_text(corpus, "story", at, end ? (size_t)(end - at) : strlen(at));
        at = end ? end + strlen(DB_DOCUMENT_SEPARATOR) + 1 : NULL;
    }
    free(text);
}

static void learn(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab)
{
    db_error error;
    if (db_tokenizer_learn_subword(tokenizer, corpus, vocab, &error))
        fail_msg("%s", error.message);
    assert_int_equal(tokenizer->view.count, vocab);
}

static void every_entry_is_used(void **state)
{
    (void)state;
    static const uint32_t vocabs[] = {64, 96, 112, 128, 144, 160, 192, 256, 288, 320, 384, 512, 1024};
    db_corpus corpus = {0};
    add_stories(&corpus, TEXT_BYTES);
    for (size_t i = 0; i < sizeof vocabs / sizeof *vocabs; i++) {
        db_tokenizer tokenizer;
        db_tokens tokens = {0};
        learn(&tokenizer, &corpus, vocabs[i]);
        db_tokens_append(&tokens, &tokenizer, &corpus);
        size_t *uses = db_allocate(vocabs[i] * sizeof *uses);
        for (size_t k = 0; k < tokens.count; k++)
            uses[tokens.ids[k]]++;
        for (uint32_t id = 0; id < vocabs[i]; id++)
            if (uses[id] == 0)
                fail_msg("of %u entries number %u is never used", vocabs[i], id);
        assert_int_equal(tokens.unknown, 0);
        assert_int_equal(tokenizer.view.unknown, DOGBERRY_NO_TOKEN);
        free(uses);
        db_tokens_free(&tokens);
        db_tokenizer_free(&tokenizer);
    }
    db_corpus_free(&corpus);
}

static char small(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
}

/* The text that the tokens stand for. */
static char *spell(const db_tokenizer *tokenizer, const char *text)
{
    char *out = db_allocate(strlen(text) + 64);
    size_t length = 0;
    dogberry_cursor cursor = {.text = text, .length = strlen(text)};
    dogberry_decoder decoder = {0};
    for (int id; (id = dogberry_encode(&tokenizer->view, &cursor)) >= 0;) {
        char piece[DOGBERRY_PIECE_MAX];
        const int bytes = dogberry_decode(&tokenizer->view, &decoder, (uint32_t)id, piece, sizeof piece);
        assert_true(bytes > 0);
        assert_int_equal(cursor.at - cursor.start, bytes);
        memcpy(out + length, piece, (size_t)bytes);
        length += (size_t)bytes;
    }
    return out;
}

static void text_comes_back_but_for_folded_capitals(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_tokenizer folding, keeping;
    add_stories(&corpus, TEXT_BYTES);
    learn(&folding, &corpus, 64);
    learn(&keeping, &corpus, 320);
    assert_int_equal(folding.view.flags, DOGBERRY_FOLD_CAPITALS);
    assert_int_equal(keeping.view.flags, 0);
    const char *text = corpus.documents[1].text;
    char *read = spell(&keeping, text);
    assert_string_equal(read, text);
    free(read);
    read = spell(&folding, text);
    for (size_t i = 0; text[i]; i++)
        assert_int_equal(read[i], small(text[i]));
    free(read);
    db_tokenizer_free(&folding);
    db_tokenizer_free(&keeping);
    db_corpus_free(&corpus);
}

/* The slow way: within each piece, of all entries that stand at a place the longest. */
static size_t slowly(const db_tokenizer *tokenizer, const char *text, int *ids)
{
    size_t count = 0;
    dogberry_cursor cursor = {.text = text, .length = strlen(text)};
    for (size_t length; (length = dogberry_split_bpe(&cursor)) > 0;) {
        const char *piece = text + cursor.start;
        const size_t before = count;
        for (size_t at = 0, best; at < length; at += best) {
            int found = -1;
            best = 0;
            for (uint32_t id = 0; id < tokenizer->view.count; id++) {
                size_t bytes;
                const char *key = db_section_key(tokenizer, id, &bytes);
                if (bytes <= best || bytes > length - at || (db_section_flags(tokenizer, id) & DB_ENTRY_SPECIAL))
                    continue;
                size_t same = 0;
                while (same < bytes && key[same] == small(piece[at + same]))
                    same++;
                if (same == bytes) {
                    best = bytes;
                    found = (int)id;
                }
            }
            if (found < 0) {
                count = before;
                ids[count++] = tokenizer->view.unknown;
                break;
            }
            ids[count++] = found;
        }
    }
    return count;
}

static void the_longest_entry_is_taken(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_tokenizer tokenizer;
    db_random random;
    add_stories(&corpus, TEXT_BYTES);
    db_corpus_add_text(&corpus, "rare", "A jar of caf\xC3\xA9 #7 for $3.", 25); /* too rare to have entries: unknown */
    learn(&tokenizer, &corpus, 144);
    assert_int_equal(tokenizer.view.unknown, 1);
    db_random_seed(&random, 5);
    for (int round = 0; round < 200; round++) {
        char text[128];
        int wanted[128];
        const char *const story = corpus.documents[round % 20].text;
        size_t length = 0;
        while (length < 60) {
            static const char *const odd[] = {" caf\xC3\xA9", "\xFF", "7", "\n\n", "#", "<|endoftext|>", "   "};
            const size_t at = (size_t)db_random_below(&random, 200), bytes = (size_t)db_random_below(&random, 12);
            memcpy(text + length, story + at, bytes);
            length += bytes;
            if (db_random_below(&random, 4) == 0)
                length += (size_t)sprintf(text + length, "%s", odd[db_random_below(&random, 7)]);
        }
        text[length] = 0;
        const size_t count = slowly(&tokenizer, text, wanted);
        dogberry_cursor cursor = {.text = text, .length = length};
        for (size_t i = 0; i < count; i++)
            assert_int_equal(dogberry_encode(&tokenizer.view, &cursor), wanted[i]);
        assert_int_equal(dogberry_encode(&tokenizer.view, &cursor), -1);
    }
    db_tokenizer_free(&tokenizer);
    db_corpus_free(&corpus);
}

static void an_unknown_piece_pays_for_its_characters(void **state)
{
    (void)state;
    db_corpus corpus = {0}, other = {0};
    db_tokenizer tokenizer;
    db_tokens tokens = {0};
    add_stories(&corpus, TEXT_BYTES);
    db_corpus_add_text(&corpus, "rare", "#", 1);
    learn(&tokenizer, &corpus, 64);
    db_corpus_add_text(&other, "other", "a caf\xC3\xA9", 7);
    db_tokens_append(&tokens, &tokenizer, &other);
    assert_int_equal(tokens.count, 3); /* a, unknown, end */
    assert_int_equal(tokens.ids[1], tokenizer.view.unknown);
    assert_int_equal(tokens.unknown, 1);
    assert_int_equal(tokens.characters, 6);
    assert_true(tokens.spelling_nats > 69 && tokens.spelling_nats < 70); /* 5 ln 1112064 */
    db_tokens_free(&tokens);
    db_tokenizer_free(&tokenizer);
    db_corpus_free(&corpus);
    db_corpus_free(&other);
}

static void files_bring_it_back(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    add_stories(&corpus, TEXT_BYTES);
    static const uint32_t vocabs[] = {64, 320};
    for (size_t i = 0; i < 2; i++) {
        char path[] = "/tmp/dogberry-subword-XXXXXX", *extra;
        db_tokenizer tokenizer, again;
        db_error error;
        const int file = mkstemp(path);
        assert_true(file >= 0);
        close(file);
        learn(&tokenizer, &corpus, vocabs[i]);
        assert_int_equal(db_tokenizer_save(&tokenizer, path, &extra, &error), 0);
        if (db_tokenizer_load(&again, path, extra, &error))
            fail_msg("%s", error.message);
        assert_int_equal(again.section_bytes, tokenizer.section_bytes);
        assert_memory_equal(again.section, tokenizer.section, tokenizer.section_bytes);
        unlink(path);
        free(extra);
        db_tokenizer_free(&tokenizer);
        db_tokenizer_free(&again);
    }
    db_corpus_free(&corpus);
}

static void impossible_vocabularies_are_refused(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_tokenizer tokenizer;
    db_error error;
    add_stories(&corpus, 20000);
    assert_int_equal(db_tokenizer_learn_subword(&tokenizer, &corpus, 15, &error), -1);
    assert_int_equal(db_tokenizer_learn_subword(&tokenizer, &corpus, 8193, &error), -1);
    assert_int_equal(db_tokenizer_learn_subword(&tokenizer, &corpus, 8192, &error), -1);
    const char *most = strstr(error.message, "at most ");
    assert_non_null(most);
    learn(&tokenizer, &corpus, (uint32_t)strtoul(most + 8, NULL, 10));
    db_tokenizer_free(&tokenizer);
    db_corpus_free(&corpus);
}

static void foreign_flags_are_refused(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_tokenizer tokenizer;
    dogberry_tokenizer view;
    add_stories(&corpus, 20000);
    learn(&tokenizer, &corpus, 64);
    for (unsigned flags = 0; flags < 256; flags++) {
        tokenizer.section[1] = (uint8_t)flags;
        const unsigned known = DOGBERRY_FOLD_CAPITALS | DOGBERRY_ACROSS_PIECES;
        const int wanted = (flags & ~known) == 0 ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE;
        assert_int_equal(dogberry_tokenizer_open(&view, tokenizer.section, tokenizer.section_bytes), wanted);
    }
    db_tokenizer_free(&tokenizer);
    db_corpus_free(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_used),        cmocka_unit_test(text_comes_back_but_for_folded_capitals),
        cmocka_unit_test(the_longest_entry_is_taken), cmocka_unit_test(an_unknown_piece_pays_for_its_characters),
        cmocka_unit_test(files_bring_it_back),        cmocka_unit_test(impossible_vocabularies_are_refused),
        cmocka_unit_test(foreign_flags_are_refused),
    };
    return cmocka_run_group_tests_name("subword tokenizer", tests, NULL, NULL);
}
