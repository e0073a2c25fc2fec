/*
 * The one encoder in front of the kinds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kinds.h"
#include "tokenizer.h"

int dogberry_encode(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    if (dogberry_is_char(tokenizer))
        return dogberry_encode_char(tokenizer, cursor);
    if (dogberry_is_bpe(tokenizer))
        return dogberry_encode_bpe(tokenizer, cursor);
    if (dogberry_is_subword(tokenizer))
        return dogberry_encode_subword(tokenizer, cursor);
    return dogberry_encode_word(tokenizer, cursor);
}
