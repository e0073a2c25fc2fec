/*
 * Whole files in, whole files out. Output is written aside and renamed, so that a
 * full disk, a signal or a crash leaves either the old file or the new one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BASE_FILE_H
#define DB_BASE_FILE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/* Reads all of `path` into a new buffer, 16-byte aligned, with one zero byte after
 * the end that `*length` does not count. The caller frees `*bytes`.
 * Returns 0, or -1 with the error set (missing, a folder, unreadable, no memory). */
int db_file_read(const char *path, void **bytes, size_t *length, db_error *error);

/* A file being written aside as "PATH.part". */
typedef struct {
    FILE *stream; /* NULL when nothing is open */
    char *path;   /* where it goes when all is well */
    char *aside;  /* where it is meanwhile */
} db_output;

/* Opens the file aside. Returns 0, or -1 with the error set; then nothing is left. */
int db_output_open(db_output *output, const char *path, db_error *error);

/* Appends bytes; failures are kept until the commit. */
void db_output_write(db_output *output, const void *bytes, size_t length);
void db_output_printf(db_output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Flushes, syncs to the disk and renames into place. On any failure of this or an
 * earlier write the file aside is removed and the old file stays.
 * Returns 0, or -1 with the error set. */
int db_output_commit(db_output *output, db_error *error);

/* Gives the file up: removes what was written aside. Safe on one never opened. */
void db_output_abort(db_output *output);

/* Open, write, commit in one. Returns 0, or -1 with the error set. */
int db_file_write(const char *path, const void *bytes, size_t length, db_error *error);

/* Makes a folder unless it is there already (its parent must exist).
 * Returns 0, or -1 with the error set. */
int db_make_folder(const char *path, db_error *error);

/* "FOLDER/NAME" in a new string that the caller frees. Asserts on lack of memory. */
char *db_path_join(const char *folder, const char *name);

#endif
