/*
 * dogberry verify: does this machine say what the image promises?
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "image_file.h"
#include "progress.h"

/* Every set that there is; a build has those of its own instruction set. */
enum { SETS_MAX = 8 };

/* One run of the golden vector. */
typedef struct {
    const char *kernels;
    int status;
    uint32_t digest;
    double seconds;
} golden_run;

/* The digest that the runtime arrives at; dogberry_verify() tells only whether it is the right one. */
static uint32_t digest_of(cli_image *file)
{
    dogberry_reset(file->session, file->image.golden.seed);
    dogberry_set_sampling(file->session, &file->image.sampling);
    dogberry_feed(file->session, file->image.golden.prompt, file->image.golden.prompt_bytes);
    for (uint32_t i = 0; i < file->image.golden.tokens; i++) {
        char piece[DOGBERRY_PIECE_MAX];
        if (dogberry_next(file->session, piece, sizeof piece, NULL) < 0)
            break;
    }
    return dogberry_digest(file->session);
}

static golden_run run_golden(cli_image *file, const dogberry_kernels *kernels)
{
    golden_run result = {.kernels = kernels->name};
    const double start = cli_now();
    file->image.kernels = kernels;
    result.status = dogberry_verify(&file->image, file->arena, file->arena_bytes);
    result.seconds = cli_now() - start;
    result.digest = result.status == DOGBERRY_ERR_GOLDEN ? digest_of(file) : file->image.golden.digest;
    return result;
}

/* Runs the vector with every set of kernels there is here. Returns how many runs. */
static size_t run_all(cli_image *file, golden_run runs[SETS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; cli_kernel_sets[i]; i++) {
        const dogberry_kernels *kernels = dogberry_kernels_named(cli_kernel_sets[i]);
        if (kernels && count < SETS_MAX)
            runs[count++] = run_golden(file, kernels);
    }
    return count;
}

static void print_text(const cli_image *file, const golden_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (runs[i].status == DOGBERRY_OK)
            printf("%-14s digest %08x  %u tokens in %.3f s  right\n", runs[i].kernels, runs[i].digest,
                   file->image.golden.tokens, runs[i].seconds);
        else
            printf("%-14s digest %08x instead of %08x  WRONG\n", runs[i].kernels, runs[i].digest,
                   file->image.golden.digest);
}

static void print_json(const cli_image *file, const char *path, const golden_run *runs, size_t count, bool right)
{
    char digest[16];
    json_t *sets = json_array();
    for (size_t i = 0; i < count; i++) {
        snprintf(digest, sizeof digest, "%08x", runs[i].digest);
        json_array_append_new(sets,
                              json_pack("{s:s, s:b, s:s, s:f}", "kernels", runs[i].kernels, "right",
                                        runs[i].status == DOGBERRY_OK, "digest", digest, "seconds", runs[i].seconds));
    }
    snprintf(digest, sizeof digest, "%08x", file->image.golden.digest);
    json_t *object = json_pack("{s:s, s:s, s:b, s:I, s:I, s:s, s:o}", "file", path, "name", file->image.name, "right",
                               right, "image_bytes", (json_int_t)file->image.length, "tokens",
                               (json_int_t)file->image.golden.tokens, "digest", digest, "sets", sets);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

/* Runs an opened image's vector and prints what came out. Returns 0, or -1 with the error set. */
static int verify_opened(cli_image *file, const char *path, bool json, db_error *error)
{
    golden_run runs[SETS_MAX];
    size_t wrong = 0;
    if (cli_session_start(file, NULL, 1, error))
        return -1;
    size_t count = run_all(file, runs);
    for (size_t i = 0; i < count; i++)
        wrong += runs[i].status != DOGBERRY_OK;
    if (json)
        print_json(file, path, runs, count, wrong == 0);
    else
        print_text(file, runs, count);
    if (wrong)
        return db_fail(error,
                       "%s: %s: the golden vector came out otherwise with %zu of %zu sets of kernels; if the image "
                       "is right elsewhere, this program was built wrongly, else pack the model again",
                       path, file->image.name, wrong, count);
    if (!json)
        printf("OK: %s, %u bytes, checksum and golden vector right\n", file->image.name, file->image.length);
    return 0;
}

/* Every image of a store; the error is that of the last one that is not right. */
static int verify_store(const char *path, void *bytes, size_t length, db_error *error)
{
    cli_image file = {0};
    dogberry_place place;
    size_t cursor = 0, count = 0, wrong = 0;
    while (dogberry_store_next(bytes, length, &cursor, &file.image, &place) > 0) {
        int failed;
        printf("at %#zx\n", place.offset);
        if (place.status == DOGBERRY_OK) {
            failed = verify_opened(&file, path, false, error);
            free(file.arena);
            file.arena = NULL;
        } else {
            failed = db_fail(error, "%s: the image at %#zx is damaged: %s", path, place.offset,
                             dogberry_status_name(place.status));
        }
        if (failed)
            printf("NOT OK: %s\n", error->message);
        wrong += failed != 0;
        count++;
    }
    printf("%zu images, %zu not right\n", count, wrong);
    return wrong ? -1 : 0;
}

/* Whether there is more behind the first image, or it is damaged and others are not. */
static bool is_store(const void *bytes, size_t length)
{
    dogberry_image image;
    dogberry_place place;
    size_t cursor = 0, places = 0;
    while (dogberry_store_next(bytes, length, &cursor, &image, &place) > 0)
        places++;
    return places > 1 || (places == 1 && place.offset > 0);
}

static int verify(const char *path, bool json, db_error *error)
{
    cli_image file;
    int failed = cli_image_open(&file, path, error);
    if (file.bytes && is_store(file.bytes, file.length))
        failed = json ? db_fail(error, "%s: is a store; --json is for one image", path)
                      : verify_store(path, file.bytes, file.length, error);
    else if (!failed)
        failed = verify_opened(&file, path, json, error);
    cli_image_close(&file);
    return failed;
}

static int run(int argc, char **argv)
{
    bool json = false;
    /* clang-format off */
    cli_option options[] = {
        {.name = "json", .kind = CLI_FLAG, .value = &json, .help = "one JSON object instead of text"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_verify, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_verify, "give one image or store");
    if (status < 0) {
        db_error error;
        status = verify(operands.items[0], json, &error) ? cli_failed(&cli_verify, error.message) : 0;
    }
    cli_list_free(&operands);
    return status;
}

const cli_command cli_verify = {
    .name = "verify",
    .synopsis = "IMAGE|STORE [--json]",
    .summary = "run an image's golden vector with every set of kernels",
    .details = "Checks every field and the checksum, then lets every set of kernels that this machine has draw\n"
               "the golden vector's tokens. The same digest must come out of each, as on the board at boot.\n"
               "Ends with status 1 and the reason where it does not. Of a store every image is verified.",
    .examples = "  dogberry verify model.dog\n  dogberry verify model.dog --json\n  dogberry verify models.bin",
    .run = run,
};
