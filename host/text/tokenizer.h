/*
 * Tokenizers on the host: learned from a corpus, kept as the same bytes that an image
 * carries, and run by the same code that the device runs (dogberry_encode).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_TOKENIZER_H
#define DB_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dogberry.h"
#include "text/corpus.h"

/* What an unknown word pays for its spelling: an order-0 model of the characters of
 * the training words (docs/NUMERICS.md, "Bits per character"). */
typedef struct {
    uint32_t *characters; /* [count] code points, ascending */
    double *nats;         /* [count] -ln p */
    size_t count;
    double end_nats;   /* the end of a word */
    double other_nats; /* any one code point never seen in training */
} db_spelling;

typedef struct {
    dogberry_tokenizer view; /* points into section */
    uint8_t *section;        /* docs/FORMAT.md, "Tokenizer section" */
    size_t section_bytes;
    db_spelling spelling; /* empty for tokenizers that know every text */
} db_tokenizer;

/* Learns a word tokenizer with exactly `vocab` entries (16..65535): id 0 unknown, 1 end of
 * text, 2 line break, 3 paragraph break, then words and marks by falling count (ties by
 * bytes). Display forms, glue flags and capital rules come from the majority in the corpus.
 * Returns 0, or -1 with the error set when the corpus has fewer types than asked for
 * (the message names the largest vocabulary that would do). */
int db_tokenizer_learn_word(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error);

/* Learns a character tokenizer with exactly `vocab` entries (16..65535): id 0 unknown, 1 end of
 * text, then code points by falling count (ties by code point).
 * Returns 0, or -1 with the error set when the corpus has fewer (naming the largest that would do). */
int db_tokenizer_learn_char(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error);

/* Learns a byte-level BPE (Sennrich et al., 2016) with exactly `vocab` entries (256..8192): id 0
 * end of text, 1..243 the bytes that UTF-8 may hold, then one for each merge, commonest pair
 * first (ties by ids). Knows every text; decoding gives it back to the byte. Pieces as
 * dogberry_split_bpe() cuts them; no token is longer than DOGBERRY_KEY_MAX bytes.
 * Returns 0, or -1 with the error set when the corpus has too few pairs that occur twice
 * (naming the largest vocabulary that would do). */
int db_tokenizer_learn_bpe(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error);

/* Learns a subword tokenizer with exactly `vocab` entries (16..8192), each of which the corpus uses: id 0 end of text,
 * 1 unknown if a character of the corpus has no entry, then the characters by falling count, then longer pieces, what
 * byte-pair encoding would merge first before others. Small vocabularies read capitals as small letters and leave
 * rare characters out (docs/FORMAT.md, "Subwords").
 * Returns 0, or -1 with the error set when the corpus repeats too little (naming the largest that would do). */
int db_tokenizer_learn_subword(db_tokenizer *tokenizer, const db_corpus *corpus, uint32_t vocab, db_error *error);

/* The longest piece, bytes (dogberry_split_bpe()). */
#define DB_SUBWORD_PIECE_MAX 64

/* Share of the corpus's words and marks (line and paragraph breaks left out) that a word
 * vocabulary of `vocab` entries (four of them fixed) covers, 0..1; and how many types there are. */
typedef struct {
    uint32_t vocab[4]; /* 1000, 2000, 4000, 8000 */
    double covered[4];
    size_t tokens, types;
} db_coverage;
void db_coverage_measure(db_coverage *coverage, const db_corpus *corpus);

/* tokenizer.json in the layout of Hugging Face's tokenizers (WordLevel model).
 * What that layout has no place for (display forms, flags, spelling model) is in `extra`,
 * a JSON object in text that config.json keeps under "tokenizer"; caller frees it. */
int db_tokenizer_save(const db_tokenizer *tokenizer, const char *path, char **extra, db_error *error);
int db_tokenizer_load(db_tokenizer *tokenizer, const char *path, const char *extra, db_error *error);

/* db_tokenizer_load() from memory: `file` are the bytes of a tokenizer.json, `where` names it in messages. */
int db_tokenizer_parse(db_tokenizer *tokenizer, const char *file, size_t length, const char *extra, const char *where,
                       db_error *error);

/* Only the spelling model as a JSON object (for an image's provenance), and back. */
char *db_spelling_to_json(const db_spelling *spelling);
int db_spelling_from_json(db_spelling *spelling, const char *json, db_error *error);

void db_tokenizer_free(db_tokenizer *tokenizer);

/* A corpus as token ids: every document's tokens followed by the end token. */
typedef struct {
    uint16_t *ids;
    size_t count, capacity;
    size_t unknown;       /* how many are the unknown token */
    double spelling_nats; /* what the unknown words' spellings cost, in all; an unknown character costs
                             the logarithm of how many code points have no entry */
    size_t characters;    /* code points of the text; word tokenizers: in canonical spacing */
} db_tokens;

/* Appends the corpus to `tokens` (zero-initialised before the first call).
 * Characters of a word tokenizer are counted in canonical spacing: blanks between two pieces
 * are one space, blanks around line breaks and at the text's ends none, leading line breaks
 * none, three or more in a row two. */
void db_tokens_append(db_tokens *tokens, const db_tokenizer *tokenizer, const db_corpus *corpus);
void db_tokens_free(db_tokens *tokens);

#endif
