/* Dividing a corpus into training and validation, always by contiguous text.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/clean.h"
#include "text/corpus.h"

/* Moves documents [from, from + count) to the end of `into`, order kept. */
static void move(db_corpus *corpus, size_t from, size_t count, db_corpus *into)
{
    into->documents = db_grow(into->documents, &into->capacity, into->count + count, sizeof *into->documents);
    for (size_t i = from; i < from + count; i++) {
        into->documents[into->count++] = corpus->documents[i];
        into->bytes += corpus->documents[i].bytes;
        corpus->bytes -= corpus->documents[i].bytes;
    }
    memmove(corpus->documents + from, corpus->documents + from + count,
            (corpus->count - from - count) * sizeof *corpus->documents);
    corpus->count -= count;
}

/* Where to cut so that about `wanted` bytes lie behind: the nearest paragraph, else line, else space, not further
 * before than a quarter of what is wanted (and a line or two); else the nearest code point. Returns an offset. */
static size_t cut_before(const char *text, size_t bytes, size_t wanted)
{
    size_t ideal = bytes - wanted, reach = wanted / 4 + 160;
    size_t lowest = ideal > reach ? ideal - reach : 1;
    for (size_t at = ideal; at >= lowest && at >= 2; at--)
        if (text[at - 1] == '\n' && text[at - 2] == '\n')
            return at;
    for (size_t at = ideal; at >= lowest; at--)
        if (text[at - 1] == '\n')
            return at;
    for (size_t at = ideal; at >= lowest; at--)
        if (text[at - 1] == ' ')
            return at;
    while (ideal > 0 && ((unsigned char)text[ideal] & 0xC0) == 0x80)
        ideal--;
    return ideal;
}

/* Cuts the last document and gives its tail to the front of what has been moved. */
static int cut_last(db_corpus *corpus, size_t wanted, db_corpus *validation, size_t moved, db_error *error)
{
    db_document *last = &corpus->documents[corpus->count - 1];
    size_t cut = wanted < last->bytes ? cut_before(last->text, last->bytes, wanted) : 0;
    if (cut == 0 || db_text_is_blank(last->text, cut) || db_text_is_blank(last->text + cut, last->bytes - cut))
        return moved ? 0
                     : db_fail(error, "%s: too short to set a part aside for validation; add text or give --val",
                               last->name);
    db_document tail = {.path = db_copy_string(last->path), .bytes = last->bytes - cut};
    tail.name = db_allocate(strlen(last->name) + sizeof " (tail)");
    strcat(strcpy(tail.name, last->name), " (tail)");
    tail.text = db_allocate(tail.bytes + 1);
    memcpy(tail.text, last->text + cut, tail.bytes);
    last->text[cut] = 0;
    last->bytes = cut;
    corpus->bytes -= tail.bytes;
    validation->documents =
        db_grow(validation->documents, &validation->capacity, validation->count + 1, sizeof *validation->documents);
    db_document *place = validation->documents + validation->count - moved;
    memmove(place + 1, place, moved * sizeof *place);
    *place = tail;
    validation->count++;
    validation->bytes += tail.bytes;
    return 0;
}

int db_corpus_split(db_corpus *corpus, double fraction, db_corpus *validation, db_error *error)
{
    if (!(fraction > 0 && fraction <= 0.5))
        return db_fail(error, "validation fraction %g: must be above 0 and at most 0.5", fraction);
    if (corpus->count == 0)
        return db_fail(error, "no text to set a part aside for validation");
    size_t target = (size_t)((double)corpus->bytes * fraction);
    if (target == 0)
        return db_fail(error, "%zu bytes of text are too few to set a part aside for validation; add text",
                       corpus->bytes);
    size_t whole = 0, sum = 0;
    while (whole + 1 < corpus->count && sum + corpus->documents[corpus->count - whole - 1].bytes <= target)
        sum += corpus->documents[corpus->count - ++whole].bytes;
    size_t over = whole + 1 < corpus->count ? sum + corpus->documents[corpus->count - whole - 1].bytes : SIZE_MAX;
    bool under_fits = whole > 0 && sum >= target / 2, over_fits = over != SIZE_MAX && over / 2 <= target;
    bool one_more = over_fits && (!under_fits || over - target < target - sum);
    whole += one_more;
    move(corpus, corpus->count - whole, whole, validation);
    if (under_fits || over_fits)
        return 0;
    return cut_last(corpus, target - sum, validation, whole, error);
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/' || strcmp(folder, "/") == 0);
}

/* "hamlet" and "hamlet.txt" both name "hamlet.txt", and so every "hamlet.txt#N". */
static bool has_name(const char *name, const char *wanted)
{
    size_t length = strlen(wanted);
    if (strncmp(name, wanted, length) != 0)
        return false;
    const char *rest = name + length;
    if (strncmp(rest, ".txt", 4) == 0)
        rest += 4;
    return *rest == 0 || *rest == '#';
}

static bool matches_name(const db_document *document, const char *wanted)
{
    const char *slash = strrchr(document->name, '/');
    return has_name(document->name, wanted) || (slash && has_name(slash + 1, wanted));
}

static bool matches_path(const db_document *document, const char *resolved)
{
    char *absolute = document->path[0] ? realpath(document->path, NULL) : NULL;
    bool match = absolute && is_below(absolute, resolved);
    free(absolute);
    return match;
}

/* Keeps the documents that are not marked and moves the others, both in order. */
static int move_marked(db_corpus *corpus, const bool *marked, db_corpus *validation)
{
    size_t kept = 0, moved = 0;
    for (size_t i = 0; i < corpus->count; i++) {
        db_document document = corpus->documents[i];
        if (!marked[i]) {
            corpus->documents[kept++] = document;
            continue;
        }
        validation->documents =
            db_grow(validation->documents, &validation->capacity, validation->count + 1, sizeof document);
        validation->documents[validation->count++] = document;
        validation->bytes += document.bytes;
        corpus->bytes -= document.bytes;
        moved++;
    }
    corpus->count = kept;
    return (int)moved;
}

int db_corpus_take(db_corpus *corpus, const char *path, db_corpus *validation, db_error *error)
{
    char *resolved = realpath(path, NULL);
    bool *marked = db_allocate(corpus->count + 1), below = false;
    for (size_t i = 0; i < corpus->count; i++) {
        const db_document *document = &corpus->documents[i];
        /* The parts of one file lie together: ask the file system once for them. */
        if (resolved && (i == 0 || strcmp(document->path, document[-1].path) != 0))
            below = matches_path(document, resolved);
        marked[i] = below || matches_name(document, path);
    }
    free(resolved);
    int moved = move_marked(corpus, marked, validation);
    free(marked);
    if (moved == 0)
        return db_fail(error, "%s: no document of the corpus has this path or name; the first is %s", path,
                       corpus->count ? corpus->documents[0].name : "missing too (the corpus is empty)");
    return moved;
}
