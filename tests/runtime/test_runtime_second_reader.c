/*
 * The second reader agrees with the runtime on every field, tensor and token, and refuses
 * what the runtime refuses.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "dogberry.h"
#include "tiny_image.h"
#include "transformer.h"
#include "tokenizer.h"

enum { TEXT_MAX = 1 << 16 };

/* Runs the second reader on an image. Returns what it printed, and its exit status. */
static int second_reading(const uint8_t *bytes, size_t length, char *printed)
{
    char path[] = "/tmp/dogberry-second-XXXXXX", command[512];
    int descriptor = mkstemp(path);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    close(descriptor);
    snprintf(command, sizeof command, "%s %s", SECOND_READER, path);
    FILE *pipe = popen(command, "r");

    assert_non_null(pipe);
    printed[fread(printed, 1, TEXT_MAX - 1, pipe)] = '\0';
    int status = pclose(pipe);

    unlink(path);
    return status;
}

static void matrix(FILE *out, const dogberry_image *image, unsigned role, unsigned layer, unsigned detail,
                   const dogberry_matrix *m)
{
    unsigned blocks = (m->rows + 7) / 8, four = m->bits == 4;
    size_t lines = m->by_column ? m->cols
                   : four       ? blocks
                                : m->rows,
           scales = four ? 8 * blocks * (4 + m->groups) : 4 * m->rows;

    fprintf(out, "tensor %u layer %u type %u detail %u: %u x %u data %08x scales %08x\n", role, layer, four ? 2u : 1u,
            detail, m->rows, m->cols, dogberry_crc32(0, tiny_at(image, m->weights), lines * m->stride),
            dogberry_crc32(0, tiny_at(image, m->scales), scales));
}

static void numbers(FILE *out, const dogberry_image *image, unsigned role, uint32_t values, unsigned rows)
{
    fprintf(out, "tensor %u layer 0 type 5 detail 0: %u x 1 data %08x\n", role, rows,
            dogberry_crc32(0, tiny_at(image, values), 2 * rows));
}

static void vector(FILE *out, const dogberry_image *image, unsigned role, unsigned layer, uint32_t values,
                   unsigned rows)
{
    fprintf(out, "tensor %u layer %u type 3 detail 0: %u x 1 data %08x\n", role, layer, rows,
            dogberry_crc32(0, tiny_at(image, values), 2 * rows));
}

static void words(FILE *out, const dogberry_image *image, unsigned role, unsigned layer, unsigned type, uint32_t values,
                  unsigned rows)
{
    uint32_t crc = dogberry_crc32(0, tiny_at(image, values), 4 * rows);

    fprintf(out, "tensor %u layer %u type %u detail 0: %u x 1 data %08x", role, layer, type, rows, crc);
    if (type == 4)
        fprintf(out, " scales %08x", crc);
    fprintf(out, "\n");
}

static uint32_t block_vector(const dogberry_image *image, uint32_t layer, uint32_t part)
{
    uint32_t offset = 0;

    assert_int_equal(dogberry_find_vector(image, layer, part, &offset), DOGBERRY_OK);
    return offset;
}

static void transformer(FILE *out, const dogberry_image *image)
{
    unsigned head = image->transformer.head, rows = dogberry_attention_rows(image) + dogberry_inner_rows(image);

    fprintf(out, "tensors %u\ntable 256\n", 4 + 6 * image->layers + (head > 1));
    matrix(out, image, 1, 0, 0, &image->embeddings);
    for (unsigned l = 0; l < image->layers; l++) {
        for (unsigned part = 0; part < 4; part++) {
            dogberry_matrix m;

            assert_int_equal(dogberry_block_matrix(image, l, part, &m), DOGBERRY_OK);
            matrix(out, image, 14 + part, l, (unsigned)dogberry_find_detail(image, l, part), &m);
        }
        vector(out, image, 18, l, block_vector(image, l, DOGBERRY_BLOCK_BIAS),
               rows + 2 * image->embedding + dogberry_silu_scales(image));
        words(out, image, 19, l, 4, block_vector(image, l, DOGBERRY_BLOCK_SCALES), 2 + image->transformer.heads);
    }
    if (image->output == DOGBERRY_TIED)
        words(out, image, 8, 0, 4, image->output_matrix.scales, image->vocab);
    else
        matrix(out, image, 6, 0, 0, &image->output_matrix);
    vector(out, image, 7, 0, image->output_bias, image->vocab);
    words(out, image, 20, 0, 4, image->transformer.norm, 1);
    if (head > 1)
        words(out, image, 21, 0, 6, image->transformer.rotary, head / 2);
}

/* Even, odd and single components of a head. */
static tiny_config transformer_config(uint32_t number)
{
    tiny_config config = tiny_transformer();

    config.embedding = number == 0 ? 12 : number == 1 ? 9 : number == 2 ? 3 : 15;
    config.feed_forward = DOGBERRY_RELU + number;
    config.key_bits = number == 0 ? 12 : 8;
    config.layers = 1 + 7 * (number % 3);
    config.output = number >= 2 ? DOGBERRY_DENSE : DOGBERRY_TIED;
    config.int4_roles = number == 1 ? 0x3FFFF : 0;
    return config;
}

static void tensors(FILE *out, const dogberry_image *image)
{
    if (image->architecture == DOGBERRY_TRANSFORMER) {
        transformer(out, image);
        return;
    }
    unsigned gru = image->architecture == DOGBERRY_GRU, tied = image->output == DOGBERRY_TIED;
    unsigned factored = image->output == DOGBERRY_FACTORED;

    fprintf(out, "tensors %u\ntable 256\n", 3 + image->layers * (gru ? 4 : 3) + (factored ? 5 : 0));
    matrix(out, image, 1, 0, 0, &image->embeddings);
    for (unsigned l = 0; l < image->layers; l++) {
        const dogberry_layer *layer = &image->layer[l];

        matrix(out, image, 2, l, layer->cell_frac, &layer->input);
        matrix(out, image, 3, l, 0, &layer->recurrent);
        vector(out, image, 4, l, layer->bias, layer->input.rows);
        if (gru)
            vector(out, image, 5, l, layer->recurrent_bias, image->hidden);
    }
    if (tied) {
        uint32_t crc = dogberry_crc32(0, tiny_at(image, image->output_matrix.scales), 4 * image->vocab);

        fprintf(out, "tensor 8 layer 0 type 4 detail 0: %u x 1 data %08x scales %08x\n", image->vocab, crc, crc);
    } else {
        matrix(out, image, 6, 0, 0, &image->output_matrix);
    }
    vector(out, image, 7, 0, image->output_bias, image->vocab);
    if (factored) {
        matrix(out, image, 9, 0, 0, &image->factored.matrix);
        vector(out, image, 10, 0, image->factored.bias, image->classes);
        numbers(out, image, 11, image->factored.tokens, image->vocab);
        numbers(out, image, 12, image->factored.places, image->vocab);
        numbers(out, image, 13, image->factored.first, image->classes + 1);
    }
}

static void tokens(FILE *out, const dogberry_image *image)
{
    for (unsigned id = 0; id < image->vocab; id++) {
        dogberry_entry entry;

        assert_int_equal(dogberry_entry_at(&image->tokenizer, id, &entry, NULL), DOGBERRY_OK);
        fprintf(out, "token %u display %u flags %u key ", id, entry.display, entry.flags);
        for (unsigned i = 0; i < entry.key_bytes + entry.own_bytes; i++)
            fprintf(out, "%s%02x", i == entry.key_bytes ? " own " : "", (unsigned char)entry.key[i]);
        fprintf(out, "\n");
    }
    for (unsigned i = 0; i < image->tokenizer.merge_count; i++) {
        dogberry_merge merge = {0};

        assert_int_equal(dogberry_merge_at(&image->tokenizer, i, &merge), DOGBERRY_OK);
        fprintf(out, "merge %u %u %u %u\n", merge.left, merge.right, merge.result, merge.rank);
    }
}

/* The same report from what the runtime opened. */
static void first_reading(const dogberry_image *image, char *printed)
{
    FILE *out = fmemopen(printed, TEXT_MAX, "w");

    assert_non_null(out);
    fprintf(out, "version 1\nheader 256\ntotal %u\narchitecture %u\noutput %u\nlayers %u\nlogit_frac %u\n",
            image->length, image->architecture, image->output, image->layers, image->logit_frac);
    fprintf(out, "vocab %u\nembedding %u\nhidden %u\nclasses %u\nstart %u\nend %u\nunknown %u\n", image->vocab,
            image->embedding, image->hidden, image->classes, image->start_token, image->end_token,
            image->unknown_token);
    fprintf(out, "parameters %u\ntemperature %u\ntop_k %u\n", image->parameters, image->sampling.temperature,
            image->sampling.top_k);
    fprintf(out, "golden_seed %u\ngolden_tokens %u\ngolden_digest %u\nprompt_bytes %u\n", image->golden.seed,
            image->golden.tokens, image->golden.digest, image->golden.prompt_bytes);
    fprintf(out, "top_p %u\nmin_p %u\nrepeat_penalty %u\nrepeat_window %u\nno_repeat %u\n", image->sampling.top_p,
            image->sampling.min_p, image->sampling.repeat_penalty, image->sampling.repeat_window,
            image->sampling.no_repeat);
    if (image->architecture == DOGBERRY_TRANSFORMER)
        fprintf(out, "heads %u\nkv_heads %u\ncontext %u\nfeed_forward %u\nkey_bits %u\nepsilon %u\n",
                image->transformer.heads, image->transformer.kv_heads, image->transformer.context,
                image->transformer.feed_forward, image->transformer.key_bits, image->transformer.epsilon);
    fprintf(out, "name %s\nprompt %.*s\n", image->name, (int)image->golden.prompt_bytes, image->golden.prompt);
    tensors(out, image);
    tokens(out, image);
    fprintf(out, "provenance %.*s\n", (int)image->provenance_bytes, image->provenance);
    fclose(out);
}

static void agree(const tiny_config *config)
{
    static char first[TEXT_MAX], second[TEXT_MAX];
    dogberry_image image;
    size_t length;
    uint8_t *bytes = tiny_build(config, &length);

    tiny_set_golden(bytes, "the usa", 17, 9);
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    first_reading(&image, first);
    assert_int_equal(second_reading(bytes, length, second), 0);
    assert_string_equal(first, second);
    free(bytes);
}

static void readers_agree_on_transformers(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 6; number++) {
        tiny_config config = transformer_config(number % 4);

        config.outer_by_row = number == 5;
        config.hidden = number == 4 ? 130 : config.hidden; /* several groups */
        config.int4_roles = number == 4 ? 0x3FFFF : config.int4_roles;
        agree(&config);
    }
}

static void readers_agree(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 12; kind++) {
        tiny_config config = tiny_default();

        config.architecture = kind & 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
        config.output = kind & 2 ? DOGBERRY_TIED : kind < 8 ? DOGBERRY_DENSE : DOGBERRY_FACTORED;
        config.classes = config.output == DOGBERRY_FACTORED ? kind - 5 : 0;
        config.int4_roles = kind < 6 ? 0 : kind < 10 ? TINY_INT4 : 0x155;
        config.layers = 1 + kind % 4;
        config.kind = kind == 4 ? DOGBERRY_CHAR : kind == 5 ? DOGBERRY_BPE : DOGBERRY_WORD;
        config.vocab = kind == 5 ? TINY_BPE : config.vocab;
        config.embedding = kind & 2 ? 20 : 9;
        config.hidden = 20;
        config.top_p = kind * 90;
        config.min_p = kind * 11;
        config.repeat_penalty = kind * 100;
        config.repeat_window = kind * 10;
        config.no_repeat = kind;
        agree(&config);
    }
}

/* `tensors`: bytes of data and scales behind the table that are changed too. */
static void refuse_alike(const tiny_config *config, uint32_t tensors)
{
    static char printed[TEXT_MAX];
    uint32_t random = 21;
    size_t length;
    uint8_t *bytes = tiny_build(config, &length);

    for (int i = 0; i < 60; i++) { /* header and table, where nearly every bit matters */
        size_t at = tiny_random(&random, 256 + 32u * bytes[44] + tensors);
        uint8_t flip = (uint8_t)(1u << tiny_random(&random, 8));
        dogberry_image image;

        if (at >= 8 && at < 16)
            continue;
        bytes[at] ^= flip;
        tiny_seal(bytes);
        int opened = dogberry_open(&image, bytes, length) == DOGBERRY_OK;
        int read = second_reading(bytes, length, printed) == 0;

        /* The second reader does not look at UTF-8 and overlaps. */
        if (opened ? !read : read && ((at >= 16 && at < 96) || at >= 256 + 32u * bytes[44]))
            fail_msg("byte %zu: the runtime %s, the second reader %s", at, opened ? "opens" : "refuses", printed);
        bytes[at] ^= flip;
    }
    free(bytes);
}

static void readers_refuse_alike(void **state)
{
    tiny_config config = tiny_default();

    (void)state;
    refuse_alike(&config, 0);
    config.output = DOGBERRY_FACTORED;
    config.classes = 4;
    config.int4_roles = TINY_INT4;
    config.hidden = config.embedding = 3;
    refuse_alike(&config, 1000);
    config = tiny_transformer();
    refuse_alike(&config, 0);
    config.feed_forward = DOGBERRY_SILU;
    refuse_alike(&config, 0);
    config.feed_forward = DOGBERRY_RELU;
    config.int4_roles = 0x3FFFF;
    refuse_alike(&config, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers_agree), cmocka_unit_test(readers_agree_on_transformers),
                                       cmocka_unit_test(readers_refuse_alike)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
