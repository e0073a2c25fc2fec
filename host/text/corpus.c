/* Reading files and folders into documents.
 * SPDX-License-Identifier: MIT */
#include "text/corpus.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "text/clean.h"

static void append(db_corpus *corpus, const char *name, const char *path, const char *text, size_t bytes)
{
    corpus->documents = db_grow(corpus->documents, &corpus->capacity, corpus->count + 1, sizeof *corpus->documents);
    db_document *document = &corpus->documents[corpus->count++];
    document->name = db_copy_string(name);
    document->path = db_copy_string(path);
    document->text = db_allocate(bytes + 1);
    if (bytes)
        memcpy(document->text, text, bytes);
    document->bytes = bytes;
    corpus->bytes += bytes;
}

static void free_document(db_document *document)
{
    free(document->name);
    free(document->path);
    free(document->text);
}

static void shrink(db_corpus *corpus, size_t count)
{
    while (corpus->count > count) {
        db_document *document = &corpus->documents[--corpus->count];
        corpus->bytes -= document->bytes;
        free_document(document);
    }
}

size_t db_corpus_drop(db_corpus *corpus, const bool *marked)
{
    size_t kept = 0, before = corpus->count;
    for (size_t i = 0; i < before; i++) {
        if (!marked[i]) {
            corpus->documents[kept++] = corpus->documents[i];
            continue;
        }
        corpus->bytes -= corpus->documents[i].bytes;
        free_document(&corpus->documents[i]);
    }
    corpus->count = kept;
    return before - kept;
}

void db_corpus_add_text(db_corpus *corpus, const char *name, const char *text, size_t bytes)
{
    append(corpus, name, "", text, bytes);
}

void db_corpus_free(db_corpus *corpus)
{
    shrink(corpus, 0);
    free(corpus->documents);
    *corpus = (db_corpus){0};
}

/* The line that starts at `at`: whether it holds the separator alone; `*next` is where the one after it starts. */
static bool is_separator(const char *text, size_t length, size_t at, size_t *next)
{
    const char *end = memchr(text + at, '\n', length - at);
    size_t stop = end ? (size_t)(end - text) : length;
    *next = end ? stop + 1 : length;
    while (at < stop && (text[at] == ' ' || text[at] == '\t'))
        at++;
    while (stop > at && (text[stop - 1] == ' ' || text[stop - 1] == '\t'))
        stop--;
    return stop - at == strlen(DB_DOCUMENT_SEPARATOR) && memcmp(text + at, DB_DOCUMENT_SEPARATOR, stop - at) == 0;
}

static void append_part(db_corpus *corpus, const char *name, const char *path, const char *text, size_t bytes,
                        size_t *number)
{
    if (db_text_is_blank(text, bytes))
        return;
    while (bytes && *text == '\n') {
        text++;
        bytes--;
    }
    while (bytes && text[bytes - 1] == '\n')
        bytes--;
    size_t capacity = strlen(name) + 24;
    char *numbered = db_allocate(capacity);
    snprintf(numbered, capacity, "%s#%zu", name, ++*number);
    append(corpus, numbered, path, text, bytes);
    free(numbered);
}

static void append_parts(db_corpus *corpus, const char *name, const char *path, const char *text, size_t length)
{
    size_t begin = 0, number = 0, next;
    bool separated = false;
    for (size_t at = 0; at < length; at = next) {
        if (!is_separator(text, length, at, &next))
            continue;
        separated = true;
        append_part(corpus, name, path, text + begin, at - begin, &number);
        begin = next;
    }
    if (separated)
        append_part(corpus, name, path, text + begin, length - begin, &number);
    else
        append(corpus, name, path, text, length);
}

/* A file without text is a failure when the user named it (`direct`), and skipped when it lay in a folder. */
static int add_file(db_corpus *corpus, const char *name, const char *path, bool lossy, bool direct, db_error *error)
{
    void *bytes;
    char *text;
    size_t length, before = corpus->count;
    if (db_file_read(path, &bytes, &length, error))
        return -1;
    int result = 0;
    if (db_text_is_binary(bytes, length)) {
        if (direct)
            result = db_fail(error,
                             "%s: holds NUL bytes, so it is not UTF-8 text (a binary file, or UTF-16: convert that "
                             "with iconv -f UTF-16 -t UTF-8)",
                             path);
    } else if (db_text_is_blank(bytes, length)) {
        if (direct)
            result = db_fail(error, "%s: %s; give a file with text in it", path,
                             length ? "holds nothing but blanks" : "is empty");
    } else {
        result = db_text_clean(path, bytes, length, lossy, &text, &length, error);
        if (!result) {
            append_parts(corpus, name, path, text, length);
            free(text);
        }
    }
    free(bytes);
    if (!result && direct && corpus->count == before)
        result = db_fail(error, "%s: holds separators but no text", path);
    return result;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Byte order, not the locale's: the same corpus everywhere. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(db_corpus *corpus, const char *prefix, const char *path, bool lossy, db_error *error);

/* One name inside a folder. A link to a folder is not followed, so that no cycle can catch us. */
static int add_entry(db_corpus *corpus, const char *name, const char *path, bool lossy, db_error *error)
{
    struct stat status, link;
    if (lstat(path, &link) != 0 || stat(path, &status) != 0)
        return db_fail(error, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return S_ISLNK(link.st_mode) ? 0 : add_folder(corpus, name, path, lossy, error);
    return S_ISREG(status.st_mode) ? add_file(corpus, name, path, lossy, false, error) : 0;
}

static int add_folder(db_corpus *corpus, const char *prefix, const char *path, bool lossy, db_error *error)
{
    struct dirent **entries;
    int count = scandir(path, &entries, visible, by_name);
    if (count < 0)
        return db_fail(error, "%s: cannot read the folder: %s", path, strerror(errno));
    int result = 0;
    for (int i = 0; i < count; i++) {
        if (!result) {
            char *inner = db_path_join(path, entries[i]->d_name);
            char *name = prefix ? db_path_join(prefix, entries[i]->d_name) : db_copy_string(entries[i]->d_name);
            result = add_entry(corpus, name, inner, lossy, error);
            free(name);
            free(inner);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

int db_corpus_add(db_corpus *corpus, const char *path, bool lossy, db_error *error)
{
    struct stat status;
    size_t before = corpus->count;
    if (stat(path, &status) != 0)
        return db_fail(error, "%s: %s; give a text file or a folder of them", path, strerror(errno));
    int result;
    if (S_ISDIR(status.st_mode)) {
        result = add_folder(corpus, NULL, path, lossy, error);
        if (!result && corpus->count == before)
            result = db_fail(error, "%s: no text in this folder; give a folder that holds UTF-8 text files", path);
    } else {
        const char *slash = strrchr(path, '/');
        result = add_file(corpus, slash ? slash + 1 : path, path, lossy, true, error);
    }
    if (result)
        shrink(corpus, before);
    return result;
}

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
    return hash;
}

uint64_t db_corpus_hash(const db_corpus *corpus)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < corpus->count; i++) {
        const db_document *document = &corpus->documents[i];
        hash = hash_bytes(hash, document->name, strlen(document->name) + 1);
        hash = hash_bytes(hash, document->text, document->bytes + 1);
    }
    return hash;
}
