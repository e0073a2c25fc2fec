/*
 * Times every set of kernels that runs here, one after another and again and again, on a layer's gate matrix and on
 * a whole output matrix: a table row for each with weights a nanosecond (the best of many runs) and how many times
 * ref's that is. Needs no C library. platform_ticks() are nanoseconds; with TICKS_ARE_INSTRUCTIONS they are those, and
 * the table has instructions for 100 weights.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#include "platform.h"
#include <stddef.h>

enum { COLUMNS_MOST = 320, WEIGHTS_MOST = 4000 * 256, ROWS_MOST = 4000, SETS_MOST = 5 };

#ifdef TICKS_ARE_INSTRUCTIONS
enum { ROUNDS = 1, WEIGHTS_A_RATE = 100 };
#define RATE "instructions for 100 weights"
#else
enum { ROUNDS = 40, WEIGHTS_A_RATE = 0 };
#define RATE "weights/ns"
#endif

typedef struct {
    uint32_t rows, columns;
    const char *name;
} shape;

static const shape shapes[] = {{1024, 320, "1024 x 320"}, {4000, 256, "4000 x 256"}};
static const char *const names[] = {"ref", "avx2", "avx512-vnni", "wasm-simd128", "scalar32"};

static uint64_t weights[WEIGHTS_MOST / sizeof(uint64_t)], x_words[COLUMNS_MOST / sizeof(uint64_t)];
static uint8_t scales[WEIGHTS_MOST / DOGBERRY_I4_GROUP];
static int32_t out[ROWS_MOST];

static void fill(void *bytes, size_t count)
{
    uint32_t state = 1;
    uint8_t *to = bytes;

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        to[i] = (uint8_t)(state >> 24);
    }
}

/* Nanoseconds of one product, at least 1. */
static uint32_t time_once(const dogberry_kernels *set, const shape *s, uint32_t bits)
{
    uint32_t start = platform_ticks(), passed;

    if (bits == 8u)
        set->matvec_i8(out, (const int8_t *)weights, s->columns, s->rows, (const int8_t *)x_words);
    else
        set->matvec_i4(out, (const uint32_t *)weights, scales, s->columns, s->rows / DOGBERRY_I4_BLOCK,
                       (const int8_t *)x_words);
    passed = platform_ticks() - start;
    return passed > 0 ? passed : 1u;
}

static char *put(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

/* a / b with one digit behind the point. */
static char *put_ratio(char *to, uint64_t a, uint32_t b)
{
    uint64_t tenths = (10u * a + b / 2u) / b, unit = 10;

    while (tenths / unit >= 10u)
        unit *= 10u;
    for (; unit >= 10u; unit /= 10u)
        *to++ = (char)('0' + tenths / unit % 10u);
    *to++ = '.';
    *to++ = (char)('0' + tenths % 10u);
    return to;
}

static void measure(const shape *s, uint32_t bits)
{
    const dogberry_kernels *sets[SETS_MOST];
    uint32_t best[SETS_MOST], count = 0;

    for (size_t i = 0; i < SETS_MOST; i++) {
        if ((sets[count] = dogberry_kernels_named(names[i])) != NULL)
            best[count++] = UINT32_MAX;
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t k = 0; k < count; k++) {
            uint32_t passed = time_once(sets[k], s, bits);

            best[k] = passed < best[k] ? passed : best[k];
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        char line[120], *end = put(put(put(put(line, "| "), sets[k]->name), " | "), s->name);

        end = put(end, bits == 8u ? " | int8 | " : " | int4 | ");
        if (WEIGHTS_A_RATE)
            end = put_ratio(end, (uint64_t)best[k] * WEIGHTS_A_RATE, s->rows * s->columns);
        else
            end = put_ratio(end, (uint64_t)s->rows * s->columns, best[k]);
        end = put_ratio(put(end, " | "), best[0], best[k]);
        *put(end, " |\n") = '\0';
        platform_print(line);
    }
}

int main(void)
{
    fill(weights, sizeof weights);
    fill(x_words, sizeof x_words);
    fill(scales, sizeof scales);
    platform_print("| kernels | matrix | weights | " RATE " | times as fast as ref |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        measure(&shapes[i], 8);
        measure(&shapes[i], 4);
    }
    return 0;
}
