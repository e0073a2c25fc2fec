/*
 * Ids to text with the right spaces and capitals: docs/FORMAT.md, "Decoding".
 *
 * SPDX-License-Identifier: MIT
 */
#include "kinds.h"
#include "tokenizer.h"
#include "unicode.h"
#include "utf8.h"

/* Bits of dogberry_decoder.state; none at the start of a text. */
enum { TAKES_SPACE = 1, IN_SENTENCE = 2, IN_LINE = 4 };

static int is_break(const dogberry_entry *entry)
{
    return entry->key[0] == '\n';
}

/* Words begin with a letter or a digit; only they begin sentences and lines. */
static int is_word(const dogberry_entry *entry)
{
    uint32_t used;

    return dogberry_class_of(dogberry_utf8_read(entry->key, entry->key_bytes, &used)) == DOGBERRY_CLASS_WORD;
}

/* The state after the token. An unknown word is a word; the end token begins a new text. */
static uint8_t next_state(const dogberry_tokenizer *tokenizer, uint8_t state, uint32_t token,
                          const dogberry_entry *entry)
{
    if (token == tokenizer->unknown)
        return TAKES_SPACE | IN_SENTENCE | IN_LINE;
    if (token == tokenizer->end)
        return 0;
    if ((entry->flags & DOGBERRY_SPECIAL) != 0)
        return state;
    if (is_break(entry))
        return entry->key_bytes == 1u ? state & IN_SENTENCE : 0;
    if (is_word(entry))
        state |= IN_SENTENCE | IN_LINE;
    if ((entry->flags & DOGBERRY_ENDS_SENTENCE) != 0)
        state &= (uint8_t)~IN_SENTENCE;
    state &= (uint8_t)~TAKES_SPACE;
    return (entry->flags & DOGBERRY_GLUE_RIGHT) != 0 ? state : state | TAKES_SPACE;
}

/* The same where tokens are no words: whether a text has begun, where that matters. */
static uint8_t plain_state(const dogberry_tokenizer *tokenizer, uint8_t state, uint32_t token)
{
    if ((tokenizer->flags & DOGBERRY_BYTE_FALLBACK) == 0)
        return state;
    return token != tokenizer->end ? IN_LINE : 0;
}

int dogberry_decoder_advance(const dogberry_tokenizer *tokenizer, dogberry_decoder *decoder, uint32_t token)
{
    dogberry_entry entry;
    char room[DOGBERRY_KEY_MAX];

    if (!dogberry_is_word(tokenizer)) {
        decoder->state = plain_state(tokenizer, decoder->state, token);
        return DOGBERRY_OK;
    }
    if (dogberry_unread(dogberry_entry_at(tokenizer, token, &entry, room)))
        return DOGBERRY_ERR_READ;
    decoder->state = next_state(tokenizer, decoder->state, token, &entry);
    return DOGBERRY_OK;
}

static char upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 32) : byte;
}

/* Whether this word begins what the section's flags give a capital to. */
static int begins_capital(uint32_t flags, uint8_t state)
{
    return ((flags & DOGBERRY_CAPITALIZE_SENTENCES) != 0 && (state & IN_SENTENCE) == 0) ||
           ((flags & DOGBERRY_CAPITALIZE_LINES) != 0 && (state & IN_LINE) == 0);
}

/* Writes the entry's display text. Returns its length, or ERR_READ. */
static int display(char *out, const dogberry_tokenizer *tokenizer, const dogberry_entry *entry, int capital)
{
    int own = entry->display == DOGBERRY_DISPLAY_OWN;
    const char *text = own ? dogberry_entry_own(tokenizer, entry, out) : entry->key;
    uint32_t length = own ? entry->own_bytes : entry->key_bytes;

    if (text == NULL)
        return DOGBERRY_ERR_READ;
    for (uint32_t i = 0; i < length && i < DOGBERRY_KEY_MAX; i++) {
        int raise = entry->display == DOGBERRY_DISPLAY_UPPER ||
                    (i == 0 && (capital || entry->display == DOGBERRY_DISPLAY_CAPITAL));

        out[i] = raise ? upper(text[i]) : text[i];
    }
    return (int)length;
}

/* Bytes of a text's first token that the text does not have: the space that encoding put before it. */
static uint32_t leads(const dogberry_tokenizer *tokenizer, uint8_t state, const dogberry_entry *entry)
{
    return (tokenizer->flags & DOGBERRY_BYTE_FALLBACK) != 0 && state == 0 && entry->key[0] == ' ';
}

/* A word with its space and capital; characters and byte pieces are their keys. Returns the text's length, or
 * ERR_READ. */
static int write_text(char *out, const dogberry_tokenizer *tokenizer, uint8_t state, const dogberry_entry *entry)
{
    int space = 0, length;

    if ((entry->flags & DOGBERRY_SPECIAL) != 0)
        return 0;
    if (!dogberry_is_word(tokenizer)) {
        uint32_t lead = leads(tokenizer, state, entry);

        dogberry_copy(out, entry->key + lead, entry->key_bytes - lead);
        return (int)(entry->key_bytes - lead);
    }
    if ((state & TAKES_SPACE) != 0 && (entry->flags & DOGBERRY_GLUE_LEFT) == 0 && !is_break(entry))
        out[space++] = ' ';
    length = display(out + space, tokenizer, entry, is_word(entry) && begins_capital(tokenizer->flags, state));
    return DOGBERRY_HAS_STREAM && length < 0 ? length : space + length;
}

int dogberry_decode(const dogberry_tokenizer *tokenizer, dogberry_decoder *decoder, uint32_t token, char *piece,
                    size_t capacity)
{
    char text[1 + DOGBERRY_KEY_MAX], room[DOGBERRY_KEY_MAX];
    dogberry_entry entry;

    if (token >= tokenizer->count)
        return DOGBERRY_ERR_TOKEN;
    if (dogberry_unread(dogberry_entry_at(tokenizer, token, &entry, room)))
        return DOGBERRY_ERR_READ;
    int length = write_text(text, tokenizer, decoder->state, &entry);

    if (DOGBERRY_HAS_STREAM && length < 0)
        return length;
    if (piece == NULL || (size_t)length >= capacity)
        return DOGBERRY_ERR_SPACE;
    dogberry_copy(piece, text, (size_t)length);
    piece[length] = '\0';
    decoder->state = dogberry_is_word(tokenizer) ? next_state(tokenizer, decoder->state, token, &entry)
                                                 : plain_state(tokenizer, decoder->state, token);
    return length;
}
