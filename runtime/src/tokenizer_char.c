/*
 * One code point, one token.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tokenizer.h"
#include "utf8.h"

int dogberry_encode_char(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor)
{
    while (cursor->at < cursor->length) {
        uint32_t bytes;
        int id;

        cursor->start = cursor->at;
        dogberry_utf8_read(cursor->text + cursor->at, cursor->length - cursor->at, &bytes);
        cursor->at += bytes;
        id = dogberry_find_key(tokenizer, cursor->text + cursor->start, bytes);
        if (id == DOGBERRY_NO_TOKEN)
            id = tokenizer->unknown;
        if (id != DOGBERRY_NO_TOKEN)
            return id;
    }
    return -1;
}
