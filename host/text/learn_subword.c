/* Subword tokenizers for small vocabularies: the characters of the text, and of the longer pieces that byte-pair
 * encoding finds those that the text then uses. Encoding takes the longest piece at each place, so none is there only
 * to be merged away, and each entry earns its place.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/bpe_trainer.h"
#include "text/code_counts.h"
#include "text/section.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

enum { VOCAB_LEAST = 16, VOCAB_MOST = 8192 };

/* Capitals are read as small letters where the characters would take more than a FOLD_SHAREth of the vocabulary. A
 * character has an entry if it is more than one in RARE times the vocabulary, and at most CHARACTERS_MOST eighths
 * of the entries are characters. There are CANDIDATES longer pieces to choose one from. */
enum { FOLD_SHARE = 3, RARE = 256, CHARACTERS_MOST = 5, CANDIDATES = 4 };

enum state { WAITING, CHOSEN, REFUSED };

typedef struct {
    bool folds, knows_all;
    db_code_count *codes; /* [code_count] the characters with entries, commonest first */
    size_t code_count;
    db_intern pieces; /* what dogberry_split_bpe() gives, as far as the characters are known, folded */
    uint64_t *counts; /* [pieces.count] */
    db_bpe bpe;       /* tokens: the characters, then candidates, the best first */
    uint8_t *states;  /* [bpe.tokens.count] enum state */
    uint64_t *uses;   /* [bpe.tokens.count] in the encoded text */
    size_t chosen;    /* candidates */
    size_t longest;   /* bytes of the longest token */
} learner;

static char fold(bool folds, char byte)
{
    return folds && byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
}

/* ---- Characters ---- */

/* Adds what capitals there are to the small letters. */
static void fold_codes(learner *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->code_count; i++) {
        const uint32_t small = l->codes[i].code < 128 ? (uint8_t)fold(true, (char)l->codes[i].code) : l->codes[i].code;
        size_t at = 0;
        while (at < kept && l->codes[at].code != small)
            at++;
        if (at < kept)
            l->codes[at].count += l->codes[i].count;
        else
            l->codes[kept++] = (db_code_count){l->codes[i].count, small};
    }
    l->code_count = kept;
    db_code_counts_sort(l->codes, kept);
}

static void choose_codes(learner *l, const db_corpus *corpus, uint32_t vocab)
{
    uint64_t total = 0;
    size_t kept = 0;
    l->codes = db_code_counts_make(corpus, &l->code_count);
    l->folds = l->code_count * FOLD_SHARE > vocab;
    if (l->folds)
        fold_codes(l);
    for (size_t i = 0; i < l->code_count; i++)
        total += l->codes[i].count;
    while (kept < l->code_count && kept < vocab * CHARACTERS_MOST / 8 && l->codes[kept].count * RARE * vocab >= total)
        kept++;
    l->knows_all = kept == l->code_count;
    l->code_count = kept;
    for (size_t i = 0; i < kept; i++) {
        char text[4];
        db_intern_add(&l->bpe.tokens, text, db_utf8_encode(l->codes[i].code, text));
    }
}

/* ---- Pieces ---- */

static bool is_known(const learner *l, const char *piece, size_t length)
{
    for (size_t at = 0, bytes; at < length; at += bytes) {
        uint32_t code;
        bytes = db_utf8_decode(piece + at, length - at, &code);
        if (bytes == 0 || db_intern_find(&l->bpe.tokens, piece + at, bytes) < 0)
            return false;
    }
    return true;
}

static void count_pieces(learner *l, const db_corpus *corpus)
{
    size_t capacity = 0;
    for (size_t i = 0; i < corpus->count; i++) {
        dogberry_cursor cursor = {.text = corpus->documents[i].text, .length = corpus->documents[i].bytes};
        for (size_t length; (length = dogberry_split_bpe(&cursor)) > 0;) {
            char piece[DB_SUBWORD_PIECE_MAX];
            for (size_t k = 0; k < length; k++)
                piece[k] = fold(l->folds, cursor.text[cursor.start + k]);
            if (!is_known(l, piece, length))
                continue;
            uint32_t number = db_intern_add(&l->pieces, piece, length);
            l->counts = db_grow(l->counts, &capacity, l->pieces.count, sizeof *l->counts);
            l->counts[number]++;
        }
    }
}

/* ---- Choosing ---- */

/* The number of the longest chosen token that the bytes begin with. */
static uint32_t longest_match(const learner *l, const char *bytes, size_t length)
{
    for (size_t most = length < l->longest ? length : l->longest; most > 1; most--) {
        int64_t found = db_intern_find(&l->bpe.tokens, bytes, most);
        if (found >= 0 && ((size_t)found < l->code_count || l->states[found] == CHOSEN))
            return (uint32_t)found;
    }
    return (uint32_t)db_intern_find(&l->bpe.tokens, bytes, 1);
}

/* Encodes all pieces. */
static void count_uses(learner *l)
{
    memset(l->uses, 0, l->bpe.tokens.count * sizeof *l->uses);
    for (uint32_t number = 0; number < l->pieces.count; number++) {
        size_t length;
        const char *piece = db_intern_text(&l->pieces, number, &length);
        for (size_t at = 0; at < length;) {
            uint32_t token = longest_match(l, piece + at, length - at);
            l->uses[token] += l->counts[number];
            at += l->bpe.tokens.items[token].length;
        }
    }
}

static void refuse(learner *l, size_t token)
{
    l->states[token] = REFUSED;
    l->chosen--;
}

/* Takes candidates in their order. Returns whether there were enough. */
static bool fill(learner *l, size_t wanted)
{
    for (size_t i = l->code_count; i < l->bpe.tokens.count && l->chosen < wanted; i++)
        if (l->states[i] == WAITING) {
            l->states[i] = CHOSEN;
            l->chosen++;
        }
    return l->chosen == wanted;
}

static bool contains(const learner *l, size_t token, uint32_t code)
{
    char text[4];
    size_t bytes = db_utf8_encode(code, text), length;
    const char *key = db_intern_text(&l->bpe.tokens, (uint32_t)token, &length);
    for (size_t at = 0; at + bytes <= length; at++)
        if (memcmp(key + at, text, bytes) == 0)
            return true;
    return false;
}

/* A character that never stands alone: refuses the rarest token that takes it. */
static void free_character(learner *l, uint32_t code)
{
    size_t rarest = 0;
    for (size_t i = l->code_count; i < l->bpe.tokens.count; i++)
        if (l->states[i] == CHOSEN && contains(l, i, code) && (rarest == 0 || l->uses[i] < l->uses[rarest]))
            rarest = i;
    if (rarest)
        refuse(l, rarest);
}

/* Refuses candidates that the text does not use. Returns whether all that is there is used. */
static bool drop_unused(learner *l)
{
    const size_t before = l->chosen;
    count_uses(l);
    for (size_t i = l->code_count; i < l->bpe.tokens.count; i++)
        if (l->states[i] == CHOSEN && l->uses[i] == 0)
            refuse(l, i);
    for (size_t i = 0; i < l->code_count && l->chosen == before; i++)
        if (l->uses[i] == 0)
            free_character(l, l->codes[i].code);
    return l->chosen == before;
}

/* Chooses `wanted` candidates. Returns whether there were so many. */
static bool choose(learner *l, size_t wanted)
{
    bool enough;
    l->states = db_allocate(l->bpe.tokens.count * sizeof *l->states);
    l->uses = db_allocate(l->bpe.tokens.count * sizeof *l->uses);
    for (size_t i = 0; i < l->bpe.tokens.count; i++)
        l->longest = l->bpe.tokens.items[i].length > l->longest ? l->bpe.tokens.items[i].length : l->longest;
    do
        enough = fill(l, wanted);
    while (!drop_unused(l));
    return enough;
}

static int build(db_tokenizer *tokenizer, const learner *l, uint32_t vocab, db_error *error)
{
    db_entry *entries = db_allocate(vocab * sizeof *entries);
    size_t count = 0;
    entries[count++] = (db_entry){
        .key = DB_DOCUMENT_SEPARATOR, .key_length = strlen(DB_DOCUMENT_SEPARATOR), .flags = DB_ENTRY_SPECIAL};
    if (!l->knows_all)
        entries[count++] =
            (db_entry){.key = DB_UNKNOWN_TEXT, .key_length = strlen(DB_UNKNOWN_TEXT), .flags = DB_ENTRY_SPECIAL};
    for (size_t i = 0; i < l->bpe.tokens.count; i++)
        if (i < l->code_count || l->states[i] == CHOSEN) {
            entries[count].key = db_intern_text(&l->bpe.tokens, (uint32_t)i, &entries[count].key_length);
            count++;
        }
    int result =
        db_section_build(tokenizer, DOGBERRY_SUBWORD, entries, count, l->folds ? DOGBERRY_FOLD_CAPITALS : 0, error);
    free(entries);
    return result;
}

static void free_learner(learner *l)
{
    free(l->codes);
    free(l->counts);
    free(l->states);
    free(l->uses);
    db_intern_free(&l->pieces);
    db_bpe_free(&l->bpe);
}

int db_tokenizer_learn_subword(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error)
{
    *tokenizer = (db_tokenizer){0};
    if (vocab < VOCAB_LEAST || vocab > VOCAB_MOST)
        return db_fail(error, "vocabulary of %u: must be %d to %d", vocab, VOCAB_LEAST, VOCAB_MOST);
    learner l = {0};
    choose_codes(&l, corpus, vocab);
    count_pieces(&l, corpus);
    const size_t fixed = l.code_count + (l.knows_all ? 1 : 2), wanted = vocab - fixed;
    db_bpe_learn_characters(&l.bpe, &l.pieces, l.counts, l.code_count + CANDIDATES * wanted);
    int result;
    if (choose(&l, wanted))
        result = build(tokenizer, &l, vocab, error);
    else if (fixed + l.chosen < VOCAB_LEAST)
        result = db_fail(error, "the text is too short to learn subwords from; add text");
    else
        result = db_fail(error,
                         "the text repeats too little for a vocabulary of %u subwords; add text or use one of at most "
                         "%zu",
                         vocab, fixed + l.chosen);
    free_learner(&l);
    if (result)
        db_tokenizer_free(tokenizer);
    return result;
}
