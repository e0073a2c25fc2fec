/*
 * A folder of files that is made in memory first: so nothing is written unless all of it could be made.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_EXPORT_PACKAGE_H
#define DB_EXPORT_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

typedef struct {
    char *path; /* from the folder, with "/" between */
    char *bytes;
    size_t length;
} db_package_file;

/* Zero-initialise for an empty one. */
typedef struct {
    db_package_file *files;
    size_t count, capacity;
    FILE *stream; /* of the file that is being written, the last */
} db_package;

/* Begins a new file and ends the one before. Returns the stream that its text goes to, good until the next call of a
 * function of this header. */
FILE *db_package_text(db_package *package, const char *path);

/* Adds a file with these bytes, which are copied. */
void db_package_bytes(db_package *package, const char *path, const void *bytes, size_t length);

/* Makes the folder and those below it, and writes every file aside before it takes its place. A folder that has
 * anything in it is refused unless `force`; then files of the same names are replaced and others stay.
 * Returns 0, or -1 with the error set. */
int db_package_write(db_package *package, const char *folder, bool force, db_error *error);

void db_package_free(db_package *package);

#endif
