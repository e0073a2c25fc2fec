/*
 * int4 matrices: the kernel, projections of rows that are not whole blocks and embeddings against
 * plain 64-bit sums over nibbles, and the bounds that keep sums inside 32 bits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "kernels.h"
#include "layers.h"
#include "rescale.h"
#include "tiny_image.h"

enum { BLOCKS = 5, ROWS = 8 * BLOCKS, LOGITS = 300, COLUMNS_MAX = 4096 };

/* A matrix of random or extreme values in memory of its own, and a bias for each row. */
typedef struct {
    dogberry_source source;
    dogberry_matrix matrix;
    uint8_t *memory;
    uint32_t *words, *scales;
    uint8_t *group_scales;
    int16_t *bias;
    int8_t *x;
} fixture;

typedef enum { RANDOM, LOW_LOW, LOW_HIGH, HIGH_LOW, HIGH_HIGH, STRIPES, FILLS } fill;

static uint32_t word_of(fill how, uint32_t column, uint32_t *random)
{
    if (how == RANDOM)
        return tiny_random(random, 1u << 16) | tiny_random(random, 1u << 16) << 16;
    if (how == STRIPES)
        return column % 2 ? 0xF0F0F0F0u : 0x0F0F0F0Fu;
    return how == LOW_LOW || how == LOW_HIGH ? 0 : 0xFFFFFFFFu;
}

static int8_t x_of(fill how, uint32_t column, uint32_t *random)
{
    if (how == RANDOM)
        return (int8_t)((int)tiny_random(random, 256) - 128);
    if (how == STRIPES)
        return column % 2 ? 127 : -128;
    return how == LOW_LOW || how == HIGH_LOW ? -128 : 127;
}

/* `scale`: of every group, 0 for random ones. */
static fixture make(uint32_t rows, uint32_t cols, fill how, uint32_t scale, uint32_t *random)
{
    uint32_t columns = (cols + 15) / 16 * 16, blocks = (rows + 7) / 8, groups = (cols + 63) / 64;
    uint32_t scales = 16 + 4 * blocks * columns, group_scales = scales + 32 * blocks;
    uint32_t bias = group_scales + 8 * blocks * groups;
    fixture f = {.memory = malloc(bias + 16 * (size_t)blocks), .x = calloc(1, columns)};

    assert_true(f.memory && f.x);
    f.source.bytes = f.memory;
    f.words = (uint32_t *)(f.memory + 16);
    f.scales = (uint32_t *)(f.memory + scales);
    f.group_scales = f.memory + group_scales;
    f.bias = (int16_t *)(f.memory + bias);
    for (uint32_t i = 0; i < 8 * blocks; i++)
        f.bias[i] = (int16_t)((int)tiny_random(random, 65536) - 32768);
    for (uint32_t i = 0; i < blocks * columns; i++)
        f.words[i] = i % columns < cols ? word_of(how, i, random) : 0x88888888u;
    for (uint32_t i = 0; i < 8 * blocks; i++)
        f.scales[i] = (16384 + tiny_random(random, 16384)) | (18 + tiny_random(random, 8)) << 16;
    for (uint32_t i = 0; i < 8 * blocks * groups; i++)
        f.group_scales[i] = (uint8_t)(scale ? scale : 1 + tiny_random(random, 255));
    for (uint32_t c = 0; c < cols; c++)
        f.x[c] = x_of(how, c, random);
    f.matrix = (dogberry_matrix){16, scales, rows, cols, 4 * columns, 4, 0, group_scales, groups};
    return f;
}

static void unmake(fixture *f)
{
    free(f->memory);
    free(f->x);
}

static uint32_t bias_at(const fixture *f, uint32_t row)
{
    return (uint32_t)((uint8_t *)(f->bias + row) - f->memory);
}

static int64_t weight(const fixture *f, uint32_t row, uint32_t c)
{
    uint32_t word = f->words[row / 8 * (f->matrix.stride / 4) + c], group = c / 64;

    return ((int64_t)(word >> 4 * (row % 8) & 15u) - 8) *
           f->group_scales[(row / 8 * f->matrix.groups + group) * 8 + row % 8];
}

static int64_t dot(const fixture *f, uint32_t row)
{
    int64_t sum = 0;

    for (uint32_t c = 0; c < f->matrix.cols; c++)
        sum += weight(f, row, c) * f->x[c];
    return sum;
}

static void kernel_is_the_plain_sum(void **state)
{
    static const uint32_t widths[] = {1, 15, 16, 17, 48, 63, 64, 65, 80, 128, 129, 256, 320, 1000, COLUMNS_MAX};
    uint32_t random = 5;

    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        for (fill how = RANDOM; how < FILLS; how++) {
            for (uint32_t scale = 0; scale <= 255; scale += 255) {
                fixture f = make(ROWS, widths[i], how, scale, &random);
                int32_t out[ROWS];

                dogberry_kernels_ref.matvec_i4(out, f.words, f.group_scales, f.matrix.stride / 4, BLOCKS, f.x);
                for (uint32_t r = 0; r < ROWS; r++)
                    assert_int_equal(out[r], dot(&f, r));
                unmake(&f);
            }
        }
    }
}

/* Every first row and count; nothing behind the slack is written. */
static void projections_take_any_rows(void **state)
{
    uint32_t random = 6;
    fixture f = make(ROWS - 3, 70, RANDOM, 0, &random);

    (void)state;
    for (uint32_t first = 0; first < f.matrix.rows; first++) {
        for (uint32_t count = 1; first + count <= f.matrix.rows; count++) {
            dogberry_work work = {&dogberry_kernels_ref, NULL, 0, {&f.source, NULL, 0}};
            int32_t out[ROWS + DOGBERRY_PROJECT_SLACK + 1];

            out[count + DOGBERRY_PROJECT_SLACK] = 77;
            dogberry_product product = {&f.matrix, first, count, bias_at(&f, 0), f.x, out, NULL, 0};

            dogberry_project(&work, &product);
            for (uint32_t r = 0; r < count; r++)
                assert_int_equal(out[r],
                                 dogberry_rescale((int32_t)dot(&f, first + r), f.scales[first + r]) + f.bias[r]);
            assert_int_equal(out[count + DOGBERRY_PROJECT_SLACK], 77);
        }
    }
    unmake(&f);
}

/* As another core may be done before this one has begun. */
static void last_part_first(void (*work)(void *context, uint32_t first, uint32_t items, uint32_t part), void *context,
                            uint32_t count, const void *weights, uint32_t bytes)
{
    uint32_t half = (count + 1) / 2;

    (void)weights;
    (void)bytes;
    if (count > half)
        work(context, half, count - half, 1);
    work(context, 0, half, 0);
}

/* Any range in the least room, so that runs of every length follow each other; shared, too. */
static void logits_of_any_rows(void **state)
{
    dogberry_kernels shared = dogberry_kernels_ref;
    uint32_t random = 8;
    fixture f = make(LOGITS, 64, RANDOM, 0, &random);
    int16_t whole[LOGITS];

    (void)state;
    shared.share = last_part_first;
    for (uint32_t r = 0; r < LOGITS; r++)
        whole[r] = dogberry_saturate16(dogberry_rescale((int32_t)dot(&f, r), f.scales[r]) + f.bias[r]);
    for (uint32_t first = 0; first < LOGITS; first += 7) {
        for (uint32_t count = 1; first + count <= LOGITS; count += 3) { /* odd and even by turns */
            uint32_t words = (count + 1) / 2 + DOGBERRY_DENSE_TAIL;
            dogberry_work work = {count % 2 ? &shared : &dogberry_kernels_ref, NULL, 0, {&f.source, NULL, 0}};

            work.words = words > dogberry_scratch_words(1) ? words : dogberry_scratch_words(1);
            work.scratch = malloc(4 * work.words);
            int32_t highest, wanted = INT16_MIN;

            dogberry_dense(&work, &f.matrix, bias_at(&f, first), first, count, f.x, &highest);
            assert_memory_equal(work.scratch, whole + first, count * sizeof *whole);
            for (uint32_t r = first; r < first + count; r++)
                wanted = whole[r] > wanted ? whole[r] : wanted;
            assert_int_equal(highest, wanted);
            free(work.scratch);
        }
    }
    unmake(&f);
}

static void embeddings_are_rescaled_weights(void **state)
{
    uint32_t random = 7;
    fixture f = make(ROWS - 1, 100, RANDOM, 0, &random);
    int8_t x[100];

    (void)state;
    for (uint32_t token = 0; token < f.matrix.rows; token++) {
        dogberry_work work = {&dogberry_kernels_ref, NULL, 0, {&f.source, NULL, 0}};

        assert_int_equal(dogberry_embed(&work, &f.matrix, token, x, NULL), DOGBERRY_OK);
        for (uint32_t c = 0; c < 100; c++)
            assert_int_equal(x[c],
                             dogberry_saturate8(dogberry_rescale((int32_t)weight(&f, token, c), f.scales[token])));
    }
    unmake(&f);
}

/* docs/NUMERICS.md's worked numbers. */
static void worked_numbers(void **state)
{
    uint32_t words[80];
    uint8_t group_scales[16] = {0};
    int8_t x[80] = {0};
    int32_t out[8];

    (void)state;
    for (uint32_t c = 0; c < 80; c++)
        words[c] = 0x88888888u;
    words[0] = 0x8888880Fu;  /* row 0: 7, row 1: -8 */
    words[64] = 0x88888883u; /* row 0: -5 */
    x[0] = 100;
    x[64] = -3;
    group_scales[0] = 20;
    group_scales[1] = 1;
    group_scales[8] = 200;
    dogberry_kernels_ref.matvec_i4(out, words, group_scales, 80, 1, x);
    assert_int_equal(out[0], 20 * 700 + 200 * 15);
    assert_int_equal(out[1], -800);
    assert_int_equal(dogberry_rescale(out[0], 20000 | 24u << 16), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_is_the_plain_sum), cmocka_unit_test(projections_take_any_rows),
        cmocka_unit_test(logits_of_any_rows),      cmocka_unit_test(embeddings_are_rescaled_weights),
        cmocka_unit_test(worked_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
