/*
 * How host code reports failure: return -1 and leave one clear line in a
 * db_error: what went wrong, where, and what to do. Nothing in host/ prints or
 * exits; the command line shows the line and picks the exit status.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BASE_ERROR_H
#define DB_BASE_ERROR_H

typedef struct {
    char message[512]; /* one line, no newline at its end; empty when nothing failed */
} db_error;

/* Formats the message (printf style). `error` may be NULL: then nothing is kept.
 * Returns -1, so that callers write `return db_fail(error, ...)`. */
int db_fail(db_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
