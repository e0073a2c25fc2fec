/*
 * The one encoder in front of the three kinds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"

int dogberry_encode(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    switch (tokenizer->kind) {
    case DOGBERRY_CHAR:
        return dogberry_encode_char(tokenizer, cursor);
    case DOGBERRY_BPE:
        return dogberry_encode_bpe(tokenizer, cursor);
    default:
        return dogberry_encode_word(tokenizer, cursor);
    }
}
