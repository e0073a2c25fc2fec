/* SPDX-License-Identifier: MIT */
#include "interop/splitter_regex.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dogberry.h"
#include "text/utf8.h"

/* The pieces of a short text: how many, and the second one. */
static int pieces_of(const char *text, size_t length, char second[8])
{
    dogberry_cursor cursor = {.text = text, .length = length};
    char piece[8] = "";
    int count = 0;
    for (; dogberry_split(&cursor, piece, sizeof piece) > 0; count++)
        if (count == 1)
            memcpy(second, piece, sizeof piece);
    return count;
}

/* "aXb" is one piece, two or three; after an opening mark a straight quote opens. */
int db_splitter_class(uint32_t code)
{
    char text[8] = "a", second[8] = "";
    if (code == '\n')
        return DB_SPLITS_MARK;
    size_t length = 1 + db_utf8_encode(code, text + 1);
    text[length++] = 'b';
    int count = pieces_of(text, length, second);
    if (count == 1 && code != '\'' && code != 0x2019)
        return DB_SPLITS_WORD;
    if (count == 2)
        return DB_SPLITS_BLANK;
    text[length - 1] = '"';
    text[length++] = 'b';
    if (code == '"' || code == '\'' || pieces_of(text + 1, length - 1, second) < 2)
        return DB_SPLITS_MARK;
    return memcmp(second, "\xE2\x80\x9C", 3) == 0 ? DB_SPLITS_OPENING : DB_SPLITS_MARK;
}

typedef struct {
    char *text;
    size_t length, capacity;
} class_body;

static void append_code(class_body *body, uint32_t code)
{
    bool plain = (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
    body->text = db_grow(body->text, &body->capacity, body->length + 16, 1);
    body->length += (size_t)snprintf(body->text + body->length, 16, plain ? "%c" : "\\x{%X}", code);
}

static void append_range(class_body *body, uint32_t first, uint32_t last)
{
    append_code(body, first);
    if (last > first + 1)
        body->text[body->length++] = '-';
    if (last > first)
        append_code(body, last);
}

/* The insides of three bracket expressions. */
typedef struct {
    class_body body[4]; /* by class; marks stay empty */
} class_bodies;

static class_bodies find_classes(void)
{
    class_bodies bodies = {0};
    uint32_t first = 0;
    int running = DB_SPLITS_MARK;
    for (uint32_t code = 1; code <= DB_SPLITTER_CLASSED; code++) {
        bool surrogate = code >= 0xD800 && code < 0xE000;
        int class = code == DB_SPLITTER_CLASSED || surrogate ? DB_SPLITS_MARK : db_splitter_class(code);
        if (class == running)
            continue;
        if (running != DB_SPLITS_MARK)
            append_range(&bodies.body[running], first, code - 1);
        running = class;
        first = code;
    }
    return bodies;
}

static void free_classes(class_bodies *bodies)
{
    for (int i = 0; i < 4; i++)
        free(bodies->body[i].text);
}

/* The pattern with B, W and O, where they stand after '@', replaced by the insides of the classes. The caller frees it.
 */
static char *expand(const class_bodies *bodies, const char *pattern)
{
    size_t room = strlen(pattern) + 1;
    for (const char *p = pattern; *p; p++)
        room += *p == '@' ? 4096 : 0;
    char *out = db_allocate(room), *end = out;
    for (const char *p = pattern; *p; p++) {
        if (*p != '@') {
            *end++ = *p;
            continue;
        }
        p++;
        const class_body *body = &bodies->body[*p == 'B'   ? DB_SPLITS_BLANK
                                               : *p == 'W' ? DB_SPLITS_WORD
                                                           : DB_SPLITS_OPENING];
        assert(body->length < 4096);
        memcpy(end, body->text, body->length);
        end += body->length;
    }
    return out;
}

static json_t *regex(const class_bodies *bodies, const char *pattern)
{
    char *text = expand(bodies, pattern);
    json_t *object = json_pack("{ss}", "Regex", text);
    free(text);
    return object;
}

static json_t *make_normalizer(const class_bodies *bodies)
{
    static const char *const steps[][2] = {
        {"\\A[@B\\n]+", ""},
        {"[@B]*\\n[@B]*(?:\\n[@B]*)+", "\n\n"},
        {"[@B]*\\n[@B]*", "\n"},
        {"-{2,}", "--"},
        {"\\.{3,}", "..."},
        {"(?<=[@W])['\\x{2019}](?=[@W])", "'"},
        {"(?<=(?:\\A|[@B\\n@O])[\"']*)\"(?![@B\\n]|\\z)", "\xE2\x80\x9C"},
        {"(?<=(?:\\A|[@B\\n@O])'*)'(?![@B\\n]|\\z)", "\xE2\x80\x98"},
        {"\"", "\xE2\x80\x9D"},
        {"(?<![@W])'|'(?![@W])", "\xE2\x80\x99"},
    };
    /* Elsewhere U+0130 becomes two code points. */
    json_t *list = json_pack("[{sss{ss}ss}{ss}]", "type", "Replace", "pattern", "String", "\xC4\xB0", "content", "i",
                             "type", "Lowercase");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        json_array_append_new(list, json_pack("{sssoss}", "type", "Replace", "pattern", regex(bodies, steps[i][0]),
                                              "content", steps[i][1]));
    return json_pack("{ssso}", "type", "Sequence", "normalizers", list);
}

static json_t *make_pre_tokenizer(const class_bodies *bodies)
{
    json_t *pattern = regex(bodies, "\\n\\n|\\n|--|\\.\\.\\.|[@W]+(?:'[@W]+)*|[^@B]");
    return json_pack("{sssosssb}", "type", "Split", "pattern", pattern, "behavior", "Removed", "invert", 1);
}

void db_splitter_to_json(json_t **normalizer, json_t **pre_tokenizer)
{
    class_bodies bodies = find_classes();
    *normalizer = make_normalizer(&bodies);
    *pre_tokenizer = make_pre_tokenizer(&bodies);
    free_classes(&bodies);
}
