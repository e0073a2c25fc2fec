/* SPDX-License-Identifier: MIT */
#include "image_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    OPENING_BUFFER = 65536
}; /* opening reads the whole file once; its own buffer, so that any --stream is as quick */

static int read_file(void *context, uint32_t offset, uint32_t bytes, void *to)
{
    cli_stream *stream = context;
    stream->reads++;
    stream->bytes += bytes;
    for (uint32_t done = 0; done < bytes;) {
        ssize_t got = pread(stream->descriptor, (char *)to + done, bytes - done, (off_t)offset + done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            stream->failed = true;
            return -1;
        }
        done += (uint32_t)got;
    }
    return 0;
}

static int open_file(cli_stream *stream, const char *path, db_error *error)
{
    struct stat about;
    stream->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (stream->descriptor < 0 || fstat(stream->descriptor, &about))
        return db_fail(error, "cannot read %s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return db_fail(error, "cannot stream %s: it is not a regular file", path);
    stream->reader = (dogberry_reader){read_file, stream, (size_t)about.st_size};
    return 0;
}

int cli_image_open_stream(cli_image *file, const char *path, unsigned long buffer, db_error *error)
{
    *file = (cli_image){0};
    file->stream = db_allocate(sizeof *file->stream);
    *file->stream = (cli_stream){.descriptor = -1};
    if (open_file(file->stream, path, error))
        return -1;
    void *room = db_allocate(OPENING_BUFFER);
    int status = dogberry_open_stream(&file->image, &file->stream->reader, room, OPENING_BUFFER);
    free(room);
    if (status != DOGBERRY_OK)
        return cli_image_refused(path, status, error);
    if (buffer < file->image.stream.row)
        return db_fail(error, "--stream %lu: the longest row of %s has %u bytes; give --stream %u or more", buffer,
                       path, file->image.stream.row, file->image.stream.row);
    file->image.stream.chunk = (uint32_t)buffer;
    return 0;
}

void cli_stream_close(cli_stream *stream)
{
    if (stream && stream->descriptor >= 0)
        close(stream->descriptor);
    free(stream);
}
