/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static int read_stream(FILE *stream, const char *path, void **bytes, size_t *length, db_error *error)
{
    size_t capacity = 1 << 16, used = 0;
    char *buffer = db_allocate(capacity);
    for (;;) {
        used += fread(buffer + used, 1, capacity - 1 - used, stream);
        if (used < capacity - 1)
            break;
        char *larger = db_allocate(capacity * 2);
        memcpy(larger, buffer, used);
        free(buffer);
        buffer = larger;
        capacity *= 2;
    }
    if (ferror(stream)) {
        free(buffer);
        return db_fail(error, "%s: cannot read: %s", path, strerror(errno));
    }
    buffer[used] = 0;
    *bytes = buffer;
    *length = used;
    return 0;
}

int db_file_read(const char *path, void **bytes, size_t *length, db_error *error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return db_fail(error, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return db_fail(error, "%s: is a folder, a file was expected", path);
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return db_fail(error, "%s: cannot open: %s", path, strerror(errno));
    int result = read_stream(stream, path, bytes, length, error);
    fclose(stream);
    return result;
}

int db_output_open(db_output *output, const char *path, db_error *error)
{
    *output = (db_output){0};
    size_t length = strlen(path);
    output->path = db_allocate(length + 1);
    output->aside = db_allocate(length + 6);
    memcpy(output->path, path, length + 1);
    memcpy(output->aside, path, length);
    memcpy(output->aside + length, ".part", 6);
    output->stream = fopen(output->aside, "wb");
    if (!output->stream) {
        db_fail(error, "%s: cannot write: %s", path, strerror(errno));
        db_output_abort(output);
        return -1;
    }
    return 0;
}

void db_output_write(db_output *output, const void *bytes, size_t length)
{
    if (length)
        (void)fwrite(bytes, 1, length, output->stream); /* ferror() remembers; commit asks */
}

void db_output_printf(db_output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(output->stream, format, arguments);
    va_end(arguments);
}

int db_output_commit(db_output *output, db_error *error)
{
    errno = 0;
    int failed = ferror(output->stream) != 0;
    failed |= fflush(output->stream) != 0;
    failed |= fsync(fileno(output->stream)) != 0 && errno != EINVAL; /* EINVAL: a pipe or device */
    int reason = errno;
    if (fclose(output->stream) != 0 && !failed) {
        failed = 1;
        reason = errno;
    }
    output->stream = NULL;
    if (!failed && rename(output->aside, output->path) != 0) {
        failed = 1;
        reason = errno;
    }
    if (failed)
        db_fail(error, "%s: not saved: %s; what was there before is untouched", output->path,
                reason ? strerror(reason) : "write error");
    else
        output->aside[0] = 0;
    db_output_abort(output);
    return failed ? -1 : 0;
}

void db_output_abort(db_output *output)
{
    if (output->stream)
        fclose(output->stream);
    if (output->aside && output->aside[0])
        unlink(output->aside);
    free(output->aside);
    free(output->path);
    *output = (db_output){0};
}

int db_file_write(const char *path, const void *bytes, size_t length, db_error *error)
{
    db_output output;
    if (db_output_open(&output, path, error))
        return -1;
    db_output_write(&output, bytes, length);
    return db_output_commit(&output, error);
}

int db_make_folder(const char *path, db_error *error)
{
    struct stat status;
    if (mkdir(path, 0777) == 0)
        return 0;
    int reason = errno;
    if (reason == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    return db_fail(error, "%s: cannot make the folder: %s", path, strerror(reason));
}

char *db_path_join(const char *folder, const char *name)
{
    size_t first = strlen(folder), second = strlen(name);
    while (first > 1 && folder[first - 1] == '/')
        first--;
    char *path = db_allocate(first + second + 2);
    memcpy(path, folder, first);
    path[first] = '/';
    memcpy(path + first + 1, name, second + 1);
    return path;
}
