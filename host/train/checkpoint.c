/*
 * checkpoint.bin: everything that a run needs to go on as if nothing had happened. For this program on this
 * machine, not for others: native byte order. Layout: header, description of the run, state, history,
 * arrays, hash of all that.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/run.h"

typedef struct {
    char magic[8];
    uint64_t description_bytes, records, floats, state_bytes;
} header;

static const char magic[8] = "DBCHECK1";

/* Multiply and rotate over 8-byte words: catches damage, not malice. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (; length >= 8; length -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * UINT64_C(0x9FB21C651E98DF25);
        hash ^= hash >> 29;
    }
    for (; length > 0; length--, at++) {
        hash = (hash ^ *at) * UINT64_C(0x100000001B3);
    }
    return hash;
}

static void put(db_output *output, uint64_t *hash, const void *bytes, size_t length)
{
    *hash = hash_bytes(*hash, bytes, length);
    db_output_write(output, bytes, length);
}

/* With a NUL at least at its end, to whole words: pieces then hash like the whole. */
static size_t padded_length(const char *description)
{
    return strlen(description) / 8 * 8 + 8;
}

static void put_description(db_output *output, uint64_t *hash, const char *description)
{
    const size_t length = padded_length(description);
    char *padded = db_allocate(length);
    memcpy(padded, description, strlen(description));
    put(output, hash, padded, length);
    free(padded);
}

int db_checkpoint_write(const db_run *run, db_error *error)
{
    db_output output;
    if (db_output_open(&output, run->checkpoint_path, error)) {
        return -1;
    }
    char *description = db_run_describe(run);
    header head = {.description_bytes = padded_length(description),
                   .records = run->history.count,
                   .floats = run->kept.count,
                   .state_bytes = sizeof run->kept_state};
    memcpy(head.magic, magic, sizeof magic);
    uint64_t hash = 0;
    put(&output, &hash, &head, sizeof head);
    put_description(&output, &hash, description);
    put(&output, &hash, &run->kept_state, sizeof run->kept_state);
    put(&output, &hash, run->history.records, head.records * sizeof *run->history.records);
    put(&output, &hash, run->kept.memory, head.floats * sizeof(float));
    db_output_write(&output, &hash, sizeof hash);
    free(description);
    return db_output_commit(&output, error);
}

/* Finds the first line in which the descriptions differ. Returns 0 if none, or -1 with the error set. */
static int compare(const char *path, const char *before, const char *now, db_error *error)
{
    assert(before != NULL && now != NULL);
    while (*before != '\0' && *now != '\0') {
        const size_t b = strcspn(before, "\n"), n = strcspn(now, "\n");
        if (b != n || memcmp(before, now, b) != 0) {
            return db_fail(error,
                           "%s: the run was begun with \"%.*s\", not \"%.*s\"; give the same options, or start anew",
                           path, (int)b, before, (int)n, now);
        }
        before += b + (before[b] != '\0');
        now += n + (now[n] != '\0');
    }
    return 0;
}

/* The parts of a checkpoint in memory, each within its bounds. */
typedef struct {
    const char *description;
    const uint8_t *state, *records, *floats;
    size_t record_count, float_count;
} parts;

static int find_parts(const char *path, const uint8_t *bytes, size_t length, parts *p, db_error *error)
{
    header head;
    uint64_t hash;
    if (length < sizeof head + sizeof hash + sizeof(db_run_state)) {
        return db_fail(error, "%s: too short for a checkpoint; remove it to start anew", path);
    }
    memcpy(&head, bytes, sizeof head);
    memcpy(&hash, bytes + length - sizeof hash, sizeof hash);
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.state_bytes != sizeof(db_run_state)) {
        return db_fail(error, "%s: not a checkpoint of this version; remove it to start anew", path);
    }
    if (hash_bytes(0, bytes, length - sizeof hash) != hash) {
        return db_fail(error, "%s: damaged; remove it to start anew", path);
    }
    const size_t body = length - sizeof head - sizeof hash - sizeof(db_run_state);
    if (head.description_bytes == 0 || head.description_bytes > body || head.records > body || head.floats > body ||
        head.description_bytes + head.records * sizeof(db_history_record) + head.floats * sizeof(float) != body) {
        return db_fail(error, "%s: its sizes do not add up; remove it to start anew", path);
    }
    p->description = (const char *)bytes + sizeof head;
    p->state = bytes + sizeof head + head.description_bytes;
    p->records = p->state + sizeof(db_run_state);
    p->floats = p->records + head.records * sizeof(db_history_record);
    p->record_count = head.records;
    p->float_count = head.floats;
    if (p->description[head.description_bytes - 1] != '\0') {
        return db_fail(error, "%s: its description has no end; remove it to start anew", path);
    }
    return 0;
}

static int take(db_run *run, const uint8_t *bytes, size_t length, db_error *error)
{
    parts p = {0};
    if (find_parts(run->checkpoint_path, bytes, length, &p, error)) {
        return -1;
    }
    char *now = db_run_describe(run);
    const int differs = compare(run->checkpoint_path, p.description, now, error);
    free(now);
    if (differs) {
        return -1;
    }
    if (p.float_count != run->arrays.count) {
        return db_fail(error, "%s: holds %zu numbers instead of %zu; remove it to start anew", run->checkpoint_path,
                       p.float_count, run->arrays.count);
    }
    memcpy(&run->state, p.state, sizeof run->state);
    memcpy(run->arrays.memory, p.floats, p.float_count * sizeof(float));
    for (size_t i = 0; i < p.record_count; i++) {
        db_history_record record;
        memcpy(&record, p.records + i * sizeof record, sizeof record);
        db_history_add(&run->history, &record);
    }
    return 1;
}

int db_checkpoint_read(db_run *run, db_error *error)
{
    void *bytes;
    size_t length;
    if (access(run->checkpoint_path, F_OK) != 0) {
        return 0;
    }
    if (db_file_read(run->checkpoint_path, &bytes, &length, error)) {
        return -1;
    }
    const int result = take(run, bytes, length, error);
    free(bytes);
    return result;
}
