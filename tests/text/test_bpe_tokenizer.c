/* Byte-level BPE: pieces, learning, encoding, and damage, against slow ways to the same answers.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "text/bpe_trainer.h"
#include "text/section.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

enum { PIECE_MAX = 63 };

/* Writes the pieces of a text with '|' between them. */
static void split(const char *text, char *out)
{
    dogberry_cursor cursor = {.text = text, .length = strlen(text)};
    *out = 0;
    for (size_t length; (length = dogberry_split_bpe(&cursor)) > 0;) {
        strncat(out, text + cursor.start, length);
        strcat(out, "|");
    }
}

static void pieces_are_as_documented(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Who goes there?", "Who| goes| there|?|"},
        {"I don't, I'll", "I| don|'t|,| I|'ll|"},
        {"'tis \"so\"", "'tis| \"|so|\"|"},
        {"it\xE2\x80\x99s", "it|\xE2\x80\x99s|"},
        {"say 'so'", "say| '|so|'|"},
        {"in 1234 or 56", "in| 123|4| or| 56|"},
        {"end.\n\n\nNext", "end|.\n\n|\n|Next|"},
        {"a\nb\n\nc", "a|\n|b|\n\n|c|"},
        {"a   b  ", "a|  | b| | |"},
        {"a \n", "a| |\n|"},
        {"\n\n\n\n\n\n\n\n\n\n", "\n\n\n\n\n\n\n\n|\n\n|"},
        {"                    x", "                |   | x|"},
        {"abcdefghijklmnopqrst", "abcdefghijklmno|pqrst|"},
        {" abcdefghijklmnopqrst", " abcdefghijklmno|pqrst|"},
        {"----------------!\n", "---------------|-!\n|"},
        {"\tCut\tin", "\t|Cut|\t|in|"},
        {"na\xC3\xAFve \xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82", "na\xC3\xAFve| \xE4\xBD\xA0\xE5\xA5\xBD|\xE3\x80\x82|"},
        {"\xF0\x9F\x98\x80\xE2\x80\x94so", "\xF0\x9F\x98\x80|\xE2\x80\x94|so|"},
    };
    char pieces[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        split(cases[i][0], pieces);
        assert_string_equal(pieces, cases[i][1]);
    }
}

/* Text with a taste for what the splitter looks at; `valid` leaves out stray bytes. */
static size_t random_text(db_random *random, char *text, size_t most, bool valid)
{
    static const uint32_t codes[] = {' ', ' ',  '\n',   '\'',   '"',    '.',     '-',    '1',      'a',    'e',  't',
                                     'T', 0xE9, 0x2019, 0x2014, 0x4F60, 0x1F600, 0x3042, 0x10FFFF, 0x3000, 0xA0, '\t'};
    size_t length = 0, wanted = (size_t)db_random_below(random, most - 4);
    while (length < wanted) {
        uint32_t code = codes[db_random_below(random, sizeof codes / sizeof *codes)];
        for (uint64_t times = db_random_below(random, 8) ? 1 : db_random_below(random, 40); times && length < wanted;
             times--) {
            if (!valid && db_random_below(random, 10) == 0)
                text[length++] = (char)(0x80 | db_random_below(random, 128));
            else
                length += db_utf8_encode(code, text + length);
        }
    }
    text[length] = 0;
    return length;
}

static void pieces_are_bounded_and_leave_nothing_out(void **state)
{
    (void)state;
    char text[1000];
    db_random random;
    db_random_seed(&random, 1);
    for (int round = 0; round < 2000; round++) {
        size_t end = 0, length = random_text(&random, text, sizeof text, round & 1);
        dogberry_cursor cursor = {.text = text, .length = length};
        for (size_t bytes; (bytes = dogberry_split_bpe(&cursor)) > 0; end = cursor.at) {
            assert_int_equal(cursor.start, end);
            assert_int_equal(cursor.at - cursor.start, bytes);
            assert_in_range(bytes, 1, PIECE_MAX);
        }
        assert_int_equal(end, length);
    }
}

static const char sample[] =
    "the cat sat on the mat and the other cat sat with the dog on that mat; the hat that the cat had was on the mat.\n"
    "\"that hat!\" the cat said, \"that hat is the hat that the other cat had.\"\n\nthen the cat and the dog sat and "
    "sat.\n"
    "na\xC3\xAFve caf\xC3\xA9s, na\xC3\xAFve caf\xC3\xA9s \xF0\x9F\x98\x80 \xF0\x9F\x98\x80 and don't and don't and "
    "won't.\n"
    "aaaaa eeeeeee ttttttt ------- aaaaa eeeeeee ttttttt -------\n"; /* pairs that overlap themselves */

static void learn(db_tokenizer *tokenizer, uint32_t vocab)
{
    db_corpus corpus = {0};
    db_error error = {0};
    db_corpus_add_text(&corpus, "sample", sample, strlen(sample));
    if (db_tokenizer_learn_bpe(tokenizer, &corpus, vocab, &error))
        fail_msg("%s", error.message);
    db_corpus_free(&corpus);
}

/* Pairs by recounting everything: the same merges, one by one. */
static void counting_again_gives_the_same_merges(void **state)
{
    (void)state;
    db_corpus corpus = {0};
    db_bpe bpe = {0};
    uint16_t tokens[sizeof sample];
    size_t ends[sizeof sample] = {0}, count = strlen(sample); /* ends[i]: whether a piece ends behind token i */
    db_corpus_add_text(&corpus, "sample", sample, count);
    db_bpe_learn(&bpe, &corpus, DB_BPE_BYTES + 40);
    assert_true(bpe.merge_count == 40);
    for (size_t i = 0; i < count; i++)
        tokens[i] = (uint16_t)db_intern_find(&bpe.tokens, sample + i, 1);
    dogberry_cursor cursor = {.text = sample, .length = count};
    while (dogberry_split_bpe(&cursor))
        ends[cursor.at - 1] = 1;
    for (size_t m = 0; m < bpe.merge_count; m++) {
        static uint32_t counts[512][512];
        uint32_t best = 0, left = 0, right = 0;
        memset(counts, 0, sizeof counts);
        for (size_t i = 0; i + 1 < count; i++)
            if (!ends[i])
                counts[tokens[i]][tokens[i + 1]]++;
        for (uint32_t a = 0; a < 512; a++)
            for (uint32_t b = 0; b < 512; b++)
                if (counts[a][b] > best) {
                    best = counts[a][b];
                    left = a;
                    right = b;
                }
        assert_int_equal(bpe.merges[m][0], left);
        assert_int_equal(bpe.merges[m][1], right);
        size_t used = 0;
        for (size_t i = 0; i < count; used++) {
            bool here = i + 1 < count && !ends[i] && tokens[i] == left && tokens[i + 1] == right;
            tokens[used] = here ? (uint16_t)bpe.merges[m][2] : tokens[i];
            ends[used] = ends[i + here];
            i += here ? 2 : 1;
        }
        count = used;
    }
    db_bpe_free(&bpe);
    db_corpus_free(&corpus);
}

/* Every merge in turn over the whole piece: the textbook's way. Returns how many tokens. */
static size_t encode_slowly(const db_tokenizer *tokenizer, const db_merge *merges, const char *piece, size_t length,
                            uint16_t *ids)
{
    const uint16_t *by_byte = (const void *)(tokenizer->section + tokenizer->view.sorted);
    for (size_t i = 0; i < length; i++)
        ids[i] = by_byte[(uint8_t)piece[i]];
    for (uint32_t m = 0; m < tokenizer->view.merge_count; m++) {
        size_t used = 0;
        for (size_t i = 0; i < length; used++) {
            bool here = i + 1 < length && ids[i] == merges[m].left && ids[i + 1] == merges[m].right;
            ids[used] = here ? merges[m].result : ids[i];
            i += here ? 2 : 1;
        }
        length = used;
    }
    return length;
}

static void the_encoder_merges_by_rank(void **state)
{
    (void)state;
    char text[3000];
    uint16_t slow[PIECE_MAX + 1];
    db_tokenizer tokenizer;
    db_random random;
    learn(&tokenizer, 307);
    db_merge *merges = db_section_merges(&tokenizer);
    db_random_seed(&random, 2);
    for (int round = 0; round < 300; round++) {
        size_t length = round ? random_text(&random, text, 500, true) : strlen(strcpy(text, sample));
        dogberry_cursor cursor = {.text = text, .length = length}, pieces = cursor;
        for (size_t bytes; (bytes = dogberry_split_bpe(&pieces)) > 0;) {
            size_t count = encode_slowly(&tokenizer, merges, text + pieces.start, bytes, slow);
            for (size_t i = 0; i < count; i++)
                assert_int_equal(dogberry_encode(&tokenizer.view, &cursor), slow[i]);
            assert_int_equal(cursor.at, pieces.at);
        }
        assert_int_equal(dogberry_encode(&tokenizer.view, &cursor), -1);
    }
    free(merges);
    db_tokenizer_free(&tokenizer);
}

static void every_text_comes_back_to_the_byte(void **state)
{
    (void)state;
    char text[2000], back[2000], piece[DOGBERRY_PIECE_MAX];
    db_tokenizer tokenizer;
    db_random random;
    learn(&tokenizer, 280);
    db_random_seed(&random, 3);
    for (int round = 0; round < 500; round++) {
        size_t used = 0, length = random_text(&random, text, sizeof text, true);
        dogberry_cursor cursor = {.text = text, .length = length};
        dogberry_decoder decoder = {0};
        for (int id; (id = dogberry_encode(&tokenizer.view, &cursor)) >= 0;) {
            int bytes = dogberry_decode(&tokenizer.view, &decoder, (uint32_t)id, piece, sizeof piece);
            assert_true(bytes > 0 && used + (size_t)bytes < sizeof back);
            assert_memory_equal(piece, text + cursor.start, (size_t)bytes);
            memcpy(back + used, piece, (size_t)bytes);
            used += (size_t)bytes;
        }
        assert_int_equal(used, length);
        assert_memory_equal(back, text, length);
    }
    db_tokenizer_free(&tokenizer);
}

/* What no UTF-8 holds has no token and is left out; other stray bytes are tokens. */
static void stray_bytes_do_no_harm(void **state)
{
    (void)state;
    char text[600];
    db_tokenizer tokenizer;
    db_random random;
    learn(&tokenizer, 280);
    db_random_seed(&random, 4);
    for (int round = 0; round < 500; round++) {
        size_t end = 0, length = random_text(&random, text, sizeof text, false);
        dogberry_cursor cursor = {.text = text, .length = length};
        for (int id; (id = dogberry_encode(&tokenizer.view, &cursor)) >= 0; end = cursor.at) {
            assert_true(id > 0 && id < 280 && cursor.start >= end && cursor.at > cursor.start);
        }
        assert_true(end <= length);
    }
    db_tokenizer_free(&tokenizer);
}

static void tokens_are_counted(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    db_tokens tokens = {0};
    db_corpus corpus = {0};
    learn(&tokenizer, 256);
    assert_int_equal(tokenizer.view.count, 256);
    assert_int_equal(tokenizer.view.end, 0);
    assert_int_equal(tokenizer.view.unknown, DOGBERRY_NO_TOKEN);
    db_corpus_add_text(&corpus, "1", "the \xF0\x9F\x98\x80", 8);
    db_corpus_add_text(&corpus, "2", "\n", 1);
    db_tokens_append(&tokens, &tokenizer, &corpus);
    assert_int_equal(tokens.characters, 6);
    assert_int_equal(tokens.unknown, 0);
    assert_true(tokens.spelling_nats == 0);
    assert_int_equal(tokens.ids[tokens.count - 1], 0);
    assert_int_equal(tokens.ids[tokens.count - 3], 0);
    db_tokens_free(&tokens);
    db_corpus_free(&corpus);
    db_tokenizer_free(&tokenizer);
}

static void impossible_vocabularies_are_refused(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    db_corpus corpus = {0};
    db_error error = {0};
    char most[32];
    assert_int_equal(db_tokenizer_learn_bpe(&tokenizer, &corpus, 256, &error), -1);
    assert_non_null(strstr(error.message, "too short"));
    db_corpus_add_text(&corpus, "sample", sample, strlen(sample));
    assert_int_equal(db_tokenizer_learn_bpe(&tokenizer, &corpus, 255, &error), -1);
    assert_int_equal(db_tokenizer_learn_bpe(&tokenizer, &corpus, 8193, &error), -1);
    assert_int_equal(db_tokenizer_learn_bpe(&tokenizer, &corpus, 8192, &error), -1);
    const char *place = strstr(error.message, "at most ");
    assert_non_null(place);
    uint32_t largest = (uint32_t)strtoul(place + 8, NULL, 10);
    assert_int_equal(db_tokenizer_learn_bpe(&tokenizer, &corpus, largest, &error), 0);
    assert_int_equal(tokenizer.view.count, largest);
    db_tokenizer_free(&tokenizer);
    assert_int_equal(db_tokenizer_learn_bpe(&tokenizer, &corpus, largest + 1, &error), -1);
    sprintf(most, "at most %u", largest);
    assert_non_null(strstr(error.message, most));
    db_corpus_free(&corpus);
}

/* One bit at a time: refused, or still safe to use. */
static void a_damaged_section_is_refused_or_safe(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    dogberry_tokenizer view;
    char piece[DOGBERRY_PIECE_MAX];
    size_t refused = 0;
    learn(&tokenizer, 270);
    for (size_t bit = 0; bit < 8 * tokenizer.section_bytes; bit++) {
        tokenizer.section[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (dogberry_tokenizer_open(&view, tokenizer.section, tokenizer.section_bytes)) {
            refused++;
        } else {
            dogberry_cursor cursor = {.text = sample, .length = 80};
            dogberry_decoder decoder = {0};
            for (int id; (id = dogberry_encode(&view, &cursor)) >= 0;)
                assert_true(dogberry_decode(&view, &decoder, (uint32_t)id, piece, sizeof piece) >= 0);
        }
        tokenizer.section[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(refused > 6 * tokenizer.section_bytes);
    for (size_t length = 0; length < tokenizer.section_bytes; length += 5) {
        uint8_t *cut = db_allocate(length + 1);
        memcpy(cut, tokenizer.section, length);
        assert_int_not_equal(dogberry_tokenizer_open(&view, cut, length), DOGBERRY_OK);
        free(cut);
    }
    db_tokenizer_free(&tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_as_documented),
        cmocka_unit_test(pieces_are_bounded_and_leave_nothing_out),
        cmocka_unit_test(counting_again_gives_the_same_merges),
        cmocka_unit_test(the_encoder_merges_by_rank),
        cmocka_unit_test(every_text_comes_back_to_the_byte),
        cmocka_unit_test(stray_bytes_do_no_harm),
        cmocka_unit_test(tokens_are_counted),
        cmocka_unit_test(impossible_vocabularies_are_refused),
        cmocka_unit_test(a_damaged_section_is_refused_or_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
