/*
 * Text from outside: files and folders in, clean UTF-8 documents out.
 *
 * A document is one file, or a part of a file between lines that hold only
 * "<|endoftext|>" (blanks around it allowed). A file without such lines is kept to the
 * character; the parts of one with them lose the line breaks at their two ends, and
 * parts without any text are dropped. Documents are the unit of splitting: a validation set is whole
 * documents, or the contiguous tail of the last ones, never shuffled windows.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TEXT_CORPUS_H
#define DB_TEXT_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DB_DOCUMENT_SEPARATOR "<|endoftext|>"

typedef struct {
    char *name; /* "hamlet.txt" (below a folder: its path there), "stories.txt#3" for the third of a file */
    char *path; /* the file it came from; empty for text from memory */
    char *text; /* valid UTF-8, "\n" line ends, no BOM, no NUL; NUL-terminated */
    size_t bytes;
} db_document;

typedef struct {
    db_document *documents; /* in order of reading: arguments as given, folders sorted by name */
    size_t count, capacity;
    size_t bytes; /* sum over the documents */
} db_corpus;

/* Adds the documents of `path`, a file or a folder (searched recursively, hidden
 * names skipped; in a folder, files with NUL bytes are skipped as not text).
 * A BOM is dropped, CRLF and CR become LF. Invalid UTF-8 is refused with file and
 * byte offset, or with `lossy` each bad byte becomes U+FFFD. An empty or binary file
 * named directly is refused, and so is a folder without any text.
 * Returns 0, or -1 with the error set (the corpus keeps what it had). */
int db_corpus_add(db_corpus *corpus, const char *path, bool lossy, db_error *error);

/* Adds one document from memory (copied); for generators and tests. */
void db_corpus_add_text(db_corpus *corpus, const char *name, const char *text, size_t bytes);

/* Moves the contiguous tail holding about `fraction` (0..0.5) of the bytes into
 * `validation`: whole documents while they fit; a document that straddles the border is
 * cut at the nearest paragraph, line or space before it. With more than one
 * document only whole ones move if that lands within a factor of two of the fraction.
 * Returns 0, or -1 with the error set when either side would be empty. */
int db_corpus_split(db_corpus *corpus, double fraction, db_corpus *validation, db_error *error);

/* Moves the documents that came from `path` (a file, a folder above it, or a document's
 * bare name with or without ".txt") into `validation`. All of them may go: whether what
 * is left is enough is the caller's to say.
 * Returns how many moved, or -1 with the error set when none matches. */
int db_corpus_take(db_corpus *corpus, const char *path, db_corpus *validation, db_error *error);

/* Frees the documents that are marked, [count] flags, and closes the gaps. Returns how many went. */
size_t db_corpus_drop(db_corpus *corpus, const bool *marked);

/* FNV-1a 64 over names and texts, for provenance. */
uint64_t db_corpus_hash(const db_corpus *corpus);

/* Frees everything and leaves an empty corpus. */
void db_corpus_free(db_corpus *corpus);

#endif
