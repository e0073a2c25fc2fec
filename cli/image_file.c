/* SPDX-License-Identifier: MIT */
#include "image_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "image_stream.h"

static const char *advice(int status)
{
    switch (status) {
    case DOGBERRY_ERR_MAGIC:
        return "this is not a Dogberry image; make one with `dogberry pack`";
    case DOGBERRY_ERR_VERSION:
        return "the image was made by a newer Dogberry; update this program or pack the model again";
    case DOGBERRY_ERR_TRUNCATED:
        return "the file is cut short; copy it again or pack the model again";
    case DOGBERRY_ERR_CHECKSUM:
        return "the file is damaged; copy it again or pack the model again";
    case DOGBERRY_ERR_UNSUPPORTED:
        return "this build has no code for that kind of model";
    case DOGBERRY_ERR_READ:
        return "the file could not be read to its end";
    default:
        return "the image is inconsistent; pack the model again";
    }
}

int cli_image_refused(const char *path, int status, db_error *error)
{
    return db_fail(error, "%s: %s: %s", path, dogberry_status_name(status), advice(status));
}

int cli_image_open(cli_image *file, const char *path, db_error *error)
{
    *file = (cli_image){0};
    if (db_file_read(path, &file->bytes, &file->length, error))
        return -1;
    int status = file->length ? dogberry_open(&file->image, file->bytes, file->length) : DOGBERRY_ERR_MAGIC;
    if (status != DOGBERRY_OK)
        return cli_image_refused(path, status, error);
    return 0;
}

void cli_image_close(cli_image *file)
{
    free(file->arena);
    free(file->bytes);
    cli_stream_close(file->stream);
    *file = (cli_image){0};
}

const char *const cli_kernel_sets[] = {"ref",          "armv6m",    "arm-dsp",  "avx2", "avx512-vnni",
                                       "wasm-simd128", "xtensa-s3", "scalar32", NULL};

int cli_image_use_kernels(cli_image *file, const char *name, db_error *error)
{
    if (!name)
        return 0;
    const dogberry_kernels *kernels = dogberry_kernels_named(name);
    if (!kernels) {
        char here[64] = "";
        for (size_t i = 0; cli_kernel_sets[i]; i++) {
            if (dogberry_kernels_named(cli_kernel_sets[i]))
                snprintf(here + strlen(here), sizeof here - strlen(here), " %s", cli_kernel_sets[i]);
        }
        return db_fail(error, "--kernels %s: this machine has none of that name; there are:%s", name, here);
    }
    file->image.kernels = kernels;
    return 0;
}

int cli_session_start(cli_image *file, const cli_sampling *given, unsigned long seed, db_error *error)
{
    file->arena_bytes = dogberry_session_bytes(&file->image);
    file->arena = db_allocate(file->arena_bytes);
    int status = dogberry_start(&file->session, &file->image, file->arena, file->arena_bytes);
    if (status == DOGBERRY_OK) {
        file->sampling = file->image.sampling;
        if (given)
            cli_sampling_read(given, &file->sampling);
        status = dogberry_set_sampling(file->session, &file->sampling);
    }
    if (status != DOGBERRY_OK)
        return db_fail(error, "cannot start a session: %s", dogberry_status_name(status));
    if (given && cli_sampling_forbid(given, file->session, &file->image.tokenizer, file->banned, error))
        return -1;
    status = dogberry_reset(file->session, (uint32_t)seed);
    if (status != DOGBERRY_OK)
        return db_fail(error, "cannot start a session: %s", dogberry_status_name(status));
    return 0;
}

size_t cli_forgotten(const cli_image *file, const char *prompt)
{
    dogberry_cursor cursor = {.text = prompt, .length = strlen(prompt)};
    size_t tokens = 0;
    if (file->image.architecture != DOGBERRY_TRANSFORMER)
        return 0;
    while (dogberry_encode(&file->image.tokenizer, &cursor) >= 0)
        tokens++;
    return tokens > file->image.transformer.context ? tokens - file->image.transformer.context : 0;
}

unsigned long cli_reply(cli_image *file, const char *prompt, unsigned long length, cli_listener listener, void *context)
{
    char piece[DOGBERRY_PIECE_MAX];
    unsigned long tokens = 0;
    bool listening = true;
    dogberry_feed(file->session, prompt, strlen(prompt));
    while (tokens < length && listening) {
        size_t bytes = 0;
        int token = dogberry_next(file->session, piece, sizeof piece, &bytes);
        if (token < 0)
            break;
        tokens++;
        listening = listener(context, piece, bytes);
        if (token == file->image.end_token)
            break;
    }
    int held = dogberry_flush(file->session, piece, sizeof piece);
    if (held > 0 && listening)
        listener(context, piece, (size_t)held);
    return tokens;
}

bool cli_is_image(const char *path)
{
    char magic[4] = "";
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return false;
    size_t got = fread(magic, 1, sizeof magic, stream);
    fclose(stream);
    return got == sizeof magic && memcmp(magic, "DOGB", sizeof magic) == 0;
}
