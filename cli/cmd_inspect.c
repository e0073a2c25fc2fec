/*
 * dogberry inspect: what is in an image.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>

#include "commands.h"
#include "image_file.h"

static const char *architecture_name(uint32_t architecture)
{
    return architecture == DOGBERRY_TRANSFORMER ? "transformer" : architecture == DOGBERRY_GRU ? "GRU" : "LSTM";
}

static const char *output_name(uint32_t output)
{
    return output == DOGBERRY_TIED ? "tied" : output == DOGBERRY_FACTORED ? "factored" : "dense";
}

static void print_matrix(const char *name, unsigned layer, const dogberry_matrix *matrix)
{
    if (matrix->weights == 0)
        return;
    unsigned lines = matrix->bits == 4 ? (matrix->rows + DOGBERRY_I4_BLOCK - 1) / DOGBERRY_I4_BLOCK : matrix->rows;
    printf("  %-10s %u  int%u  %6u x %-6u at %8u, %8u bytes, scales at %8u\n", name, layer, matrix->bits, matrix->rows,
           matrix->cols, matrix->weights, lines * matrix->stride, matrix->scales);
}

static void print_layer(const dogberry_image *image, unsigned layer)
{
    static const char *const names[] = {"attention", "attended", "inner", "outer"};
    if (image->architecture != DOGBERRY_TRANSFORMER) {
        print_matrix("input", layer, &image->layer[layer].input);
        print_matrix("recurrent", layer, &image->layer[layer].recurrent);
        return;
    }
    for (uint32_t part = DOGBERRY_BLOCK_ATTENTION; part <= DOGBERRY_BLOCK_OUTER; part++) {
        dogberry_matrix matrix;
        if (dogberry_block_matrix(image, layer, part, &matrix) == DOGBERRY_OK)
            print_matrix(names[part], layer, &matrix);
    }
}

static void print_text(const dogberry_image *image, size_t file_bytes, int golden)
{
    printf("%s: %s, %u layers, %s output\n", image->name, architecture_name(image->architecture), image->layers,
           output_name(image->output));
    printf("  vocabulary %u, embedding %u, hidden %u: %u parameters\n", image->vocab, image->embedding, image->hidden,
           image->parameters);
    if (image->architecture == DOGBERRY_TRANSFORMER)
        printf("  %u heads (%u of keys and values), context %u, keys of %u bits\n", image->transformer.heads,
               image->transformer.kv_heads, image->transformer.context, image->transformer.key_bits);
    printf("  %u bytes (format %d, checksum right)", image->length, DOGBERRY_FORMAT_VERSION);
    if (file_bytes > image->length)
        printf(", followed by %zu more bytes in the file", file_bytes - image->length);
    printf("\n  session %zu bytes of RAM\n  ", dogberry_session_bytes(image));
    cli_sampling_print(&image->sampling);
    printf("; logits in 1/%u nats\n", 1u << image->logit_frac);
    printf("  golden vector: \"%.*s\", seed %u, %u tokens, digest %08x: %s\n", (int)image->golden.prompt_bytes,
           image->golden.prompt, image->golden.seed, image->golden.tokens, image->golden.digest,
           golden == DOGBERRY_OK ? "reproduced" : dogberry_status_name(golden));
    printf("Tensors\n");
    print_matrix("embedding", 0, &image->embeddings);
    for (unsigned layer = 0; layer < image->layers; layer++)
        print_layer(image, layer);
    print_matrix("output", 0, &image->output_matrix);
    print_matrix("classes", 0, &image->factored.matrix);
    printf("Provenance\n  %.*s\n", (int)image->provenance_bytes, image->provenance);
}

static void print_json(const dogberry_image *image, int golden)
{
    char digest[16];
    snprintf(digest, sizeof digest, "%08x", image->golden.digest);
    json_t *provenance = json_loadb(image->provenance, image->provenance_bytes, 0, NULL);
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:o}", "name", image->name, "architecture",
        architecture_name(image->architecture), "output", output_name(image->output), "layers",
        (json_int_t)image->layers, "vocab", (json_int_t)image->vocab, "embedding", (json_int_t)image->embedding,
        "hidden", (json_int_t)image->hidden, "parameters", (json_int_t)image->parameters, "image_bytes",
        (json_int_t)image->length, "session_bytes", (json_int_t)dogberry_session_bytes(image), "golden_digest", digest,
        "golden_reproduced", golden == DOGBERRY_OK, "provenance", provenance ? provenance : json_null());
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
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
    int status = cli_parse(&cli_inspect, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_inspect, "give one image");
    if (status < 0) {
        cli_image file;
        db_error error;
        if (cli_image_open(&file, operands.items[0], &error) || cli_session_start(&file, NULL, 1, &error)) {
            status = cli_failed(&cli_inspect, error.message);
        } else {
            int golden = dogberry_verify(&file.image, file.arena, file.arena_bytes);
            if (json)
                print_json(&file.image, golden);
            else
                print_text(&file.image, file.length, golden);
            status = golden == DOGBERRY_OK ? 0 : 1;
        }
        cli_image_close(&file);
    }
    cli_list_free(&operands);
    return status;
}

const cli_command cli_inspect = {
    .name = "inspect",
    .synopsis = "IMAGE [--json]",
    .summary = "what is in an image, and whether it is sound",
    .details = "Checks every field and the checksum, runs the golden vector, and prints sizes, tensors and\n"
               "where the model comes from.",
    .examples = "  dogberry inspect model.dog\n  dogberry inspect model.dog --json",
    .run = run,
};
