/*
 * The files that packages are made of, as they were when this program was built: the runtime's sources, the templates
 * in packages/ and the licence.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_EXPORT_SOURCES_H
#define DB_EXPORT_SOURCES_H

typedef struct {
    const char *path; /* in this project, as "runtime/src/lstm.c"; NULL: no more */
    const char *bytes;
    const char *end;
} db_source;

/* Sorted by path. */
extern const db_source db_sources[];

#endif
