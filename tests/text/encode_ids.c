/*
 * encode_ids tokenizer.json [EXTRA.json] < texts, each ended by a NUL
 * Prints one line of token ids a text, encoded by the runtime. EXTRA is the "tokenizer"
 * object of config.json.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "text/tokenizer.h"

static void encode(const db_tokenizer *tokenizer, const char *text, size_t length)
{
    dogberry_cursor cursor = {.text = text, .length = length};
    for (int id; (id = dogberry_encode(&tokenizer->view, &cursor)) >= 0;)
        printf("%d ", id);
    putchar('\n');
}

int main(int count, char **arguments)
{
    db_error error = {0};
    db_tokenizer tokenizer;
    void *extra = NULL, *texts = NULL;
    size_t length;
    if (count < 2 || count > 3) {
        fputs("usage: encode_ids tokenizer.json [EXTRA.json] < texts\n", stderr);
        return 2;
    }
    if ((count > 2 && db_file_read(arguments[2], &extra, &length, &error)) ||
        db_tokenizer_load(&tokenizer, arguments[1], extra, &error) ||
        db_file_read("/dev/stdin", &texts, &length, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (const char *text = texts, *end = text + length; text < end; text += strlen(text) + 1)
        encode(&tokenizer, text, strlen(text));
    db_tokenizer_free(&tokenizer);
    free(texts);
    free(extra);
    return 0;
}
