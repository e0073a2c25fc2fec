/*
 * The safetensors format (https://huggingface.co/docs/safetensors): a length, a JSON
 * header with each tensor's type, shape and place, then the values. float32 only.
 *
 * The reader trusts nothing: the header's length, every shape product, every offset;
 * the tensors must tile the data without a hole or an overlap.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_INTEROP_SAFETENSORS_H
#define DB_INTEROP_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { DB_SAFETENSORS_NAME_MAX = 127, DB_SAFETENSORS_RANK_MAX = 4, DB_SAFETENSORS_COUNT_MAX = 4096 };

typedef struct {
    char name[DB_SAFETENSORS_NAME_MAX + 1];
    uint32_t rank;                         /* 0 for a single number */
    size_t shape[DB_SAFETENSORS_RANK_MAX]; /* slowest dimension first */
    size_t count;                          /* product of the shape */
    const float *values;                   /* [count] */
} db_safetensor;

typedef struct {
    db_safetensor *tensors; /* in the order of their data */
    size_t count;
    float *values; /* all of them, one after another */
    size_t value_count;
} db_safetensors;

/* Reads a file that lies in memory; `where` starts messages. With `finite`, NaN and
 * infinities are refused with tensor and index. Values are copied out of `bytes`.
 * Returns 0, or -1 with the error set; then `file` is empty. */
int db_safetensors_parse(db_safetensors *file, const void *bytes, size_t length, bool finite, const char *where,
                         db_error *error);

/* The same from a path. Free with db_safetensors_free(). */
int db_safetensors_read(db_safetensors *file, const char *path, bool finite, db_error *error);

/* Returns the tensor of that name, or NULL. */
const db_safetensor *db_safetensors_find(const db_safetensors *file, const char *name);

void db_safetensors_free(db_safetensors *file);

/* Writes `count` tensors (name, rank, shape and values set) in the order given, aside and
 * renamed. Returns 0, or -1 with the error set. */
int db_safetensors_write(const char *path, const db_safetensor *tensors, size_t count, db_error *error);

#endif
