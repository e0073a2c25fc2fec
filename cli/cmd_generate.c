/*
 * dogberry generate: text from an image, through the runtime that the board uses.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands.h"
#include "image_file.h"
#include "image_stream.h"
#include "progress.h"
#include "text/clean.h"

enum { OWN_OPTIONS = 7, STREAM_MOST = 16 << 20 };

typedef struct {
    const char *prompt, *kernels;
    unsigned long seed, length, stream;
    cli_sampling sampling;
    bool digest, json;
} settings;

typedef struct {
    char *text;
    size_t bytes, capacity;
    unsigned long tokens;
    double seconds;
    bool quiet;
} reply;

/* Keeps what is said for --json, or lets it be seen as it comes. */
static bool hear(void *context, const char *piece, size_t bytes)
{
    reply *said = context;
    said->text = db_grow(said->text, &said->capacity, said->bytes + bytes + 1, 1);
    memcpy(said->text + said->bytes, piece, bytes);
    said->bytes += bytes;
    said->text[said->bytes] = 0;
    if (!said->quiet) {
        fwrite(piece, 1, bytes, stdout);
        fflush(stdout);
    }
    return true;
}

static void speak(cli_image *file, const settings *given, reply *said)
{
    size_t forgotten = cli_forgotten(file, given->prompt);
    if (forgotten)
        fprintf(
            stderr,
            "note: the prompt is longer than the context of %u tokens; its first %zu tokens or more are forgotten\n",
            file->image.transformer.context, forgotten);
    double started = cli_now();
    said->quiet = given->json;
    if (file->stream)
        file->stream->reads = file->stream->bytes = 0;
    hear(said, given->prompt, strlen(given->prompt));
    said->tokens = cli_reply(file, given->prompt, given->length, hear, said);
    said->seconds = cli_now() - started;
}

/* Tokens of bytes need not add up to UTF-8, which JSON is: what is not becomes U+FFFD. */
static json_t *json_text(const char *bytes)
{
    json_t *string = json_string(bytes);
    char *text;
    size_t length;
    db_error error;
    if (string)
        return string;
    int status = db_text_clean("text", bytes, strlen(bytes), true, &text, &length, &error);
    assert(status == 0); /* nothing is an error where it is lossy */
    (void)status;
    string = json_stringn(text, length);
    free(text);
    return string;
}

static void print_json(const cli_image *file, const settings *given, const reply *said)
{
    char digest[16];
    snprintf(digest, sizeof digest, "%08x", dogberry_digest(file->session));
    json_t *object = json_pack("{s:s, s:o, s:o, s:I, s:I, s:s, s:s, s:f}", "model", file->image.name, "prompt",
                               json_text(given->prompt), "text", json_text(said->text), "seed", (json_int_t)given->seed,
                               "tokens", (json_int_t)said->tokens, "digest", digest, "kernels",
                               file->image.kernels->name, "seconds", said->seconds);
    if (file->stream)
        json_object_set_new(object, "stream",
                            json_pack("{s:I, s:I, s:I, s:I, s:I}", "buffer", (json_int_t)file->image.stream.chunk,
                                      "least", (json_int_t)file->image.stream.row, "reads",
                                      (json_int_t)file->stream->reads, "bytes", (json_int_t)file->stream->bytes,
                                      "ram_bytes", (json_int_t)file->arena_bytes));
    uint32_t columns, skipped = dogberry_skipped(file->session, &columns);
    if (columns > 0)
        json_object_set_new(object, "feed_forward",
                            json_pack("{s:I, s:I}", "columns", (json_int_t)columns, "skipped", (json_int_t)skipped));
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

/* What zeros of ReLU have spared. */
static void print_skipped(const cli_image *file)
{
    uint32_t columns, skipped = dogberry_skipped(file->session, &columns);
    if (columns > 0)
        printf("zeros skipped %.1f %% of the columns of second feed-forward matrices\n", 100.0 * skipped / columns);
}

/* What a board would have read, by prompt and reply. */
static void print_reads(const cli_image *file)
{
    printf("streamed through %u bytes: %llu reads, %llu bytes; session RAM %zu bytes\n", file->image.stream.chunk,
           (unsigned long long)file->stream->reads, (unsigned long long)file->stream->bytes, file->arena_bytes);
}

static int open_image(cli_image *file, const char *path, const settings *given, db_error *error)
{
    if (given->stream > 0)
        return cli_image_open_stream(file, path, given->stream, error);
    return cli_image_open(file, path, error);
}

/* Returns the exit status. */
static int print_reply(const cli_image *file, const settings *given, const reply *said)
{
    if (!given->json)
        putchar('\n');
    if (file->stream && file->stream->failed)
        return cli_failed(&cli_generate,
                          "DOGBERRY_ERR_READ: the image could not be read any further; has its file changed?");
    if (given->json)
        print_json(file, given, said);
    if (given->digest && !given->json)
        printf("digest %08x\n", dogberry_digest(file->session));
    if ((given->digest || file->stream) && !given->json)
        print_skipped(file);
    if (file->stream && !given->json)
        print_reads(file);
    return 0;
}

static int run(int argc, char **argv)
{
    settings given = {.prompt = "", .seed = 1, .length = 40};
    /* clang-format off */
    cli_option options[OWN_OPTIONS + CLI_SAMPLING_OPTIONS] = {
        {.name = "prompt", .letter = 'p', .kind = CLI_TEXT, .value = &given.prompt, .argument = "TEXT",
         .help = "what the text begins with"},
        {.name = "seed", .letter = 's', .kind = CLI_COUNT, .value = &given.seed, .argument = "N", .most = 4294967295.0,
         .help = "same seed, same words"},
        {.name = "length", .letter = 'n', .kind = CLI_COUNT, .value = &given.length, .argument = "N", .least = 1,
         .most = 1e9, .help = "at most so many tokens"},
        {.name = "digest", .kind = CLI_FLAG, .value = &given.digest, .help = "print the digest of the tokens"},
        {.name = "kernels", .kind = CLI_TEXT, .value = &given.kernels, .argument = "NAME",
         .help = "ref, avx2, avx512-vnni: the same words at another speed (the fastest there are)"},
        {.name = "stream", .kind = CLI_COUNT, .value = &given.stream, .argument = "BYTES", .least = 1,
         .most = STREAM_MOST, .help = "leave the weights in the file and read them into a buffer of so many bytes"},
        {.name = "json", .kind = CLI_FLAG, .value = &given.json, .help = "one JSON object instead of text"},
    };
    /* clang-format on */
    cli_sampling_options(options + OWN_OPTIONS, &given.sampling);
    cli_list operands = {0};
    int status = cli_parse(&cli_generate, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_generate, "give one image");
    if (status >= 0) {
        cli_sampling_free(&given.sampling);
        cli_list_free(&operands);
        return status;
    }
    cli_image file;
    db_error error;
    status = 1;
    if (open_image(&file, operands.items[0], &given, &error) || cli_image_use_kernels(&file, given.kernels, &error) ||
        cli_session_start(&file, &given.sampling, given.seed, &error)) {
        cli_failed(&cli_generate, error.message);
    } else {
        reply said = {0};
        speak(&file, &given, &said);
        status = print_reply(&file, &given, &said);
        free(said.text);
    }
    cli_image_close(&file);
    cli_sampling_free(&given.sampling);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_generate = {
    .name = "generate",
    .synopsis = "IMAGE [--prompt TEXT] [--seed N]",
    .summary = "let an image write text",
    .details = "Runs the integer runtime, the same code that runs on the board: the same image, prompt,\n"
               "seed and sampling give the same words everywhere. The digest is over the drawn tokens.\n"
               "Sampling is the image's own but for what is given; docs/SAMPLING.md shows what it does.\n"
               "With --stream the image is not loaded: weights are read from the file when they are needed, as a\n"
               "board reads a card. Any buffer that holds the longest row gives the same words.",
    .examples =
        "  dogberry generate model.dog --prompt \"Once upon a time\" --seed 7\n"
        "  dogberry generate model.dog -p \"who goes there\" --min-p 0.05 --no-repeat 4 --stop exeunt --ban thou\n"
        "  dogberry generate model.dog -p \"who goes there\" --digest --json",
    .run = run,
};
