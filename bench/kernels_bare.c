/*
 * Times the kernels of a bare machine on a matrix of 1024 rows and 320 columns, all that a call does included,
 * and prints a table row for each: what a weight costs, in the platform's ticks, with three digits. Weights lie in
 * RAM. int8 runs the first 256 rows four times: 320 KB are more than an RP2040 has.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#include "platform.h"
#include <stddef.h>

enum { ROWS = 1024, COLUMNS = 320, SLAB = 256, WEIGHTS = ROWS * COLUMNS, GROUPS = COLUMNS / DOGBERRY_I4_GROUP };

static uint64_t weights[WEIGHTS / 2 / sizeof(uint64_t)], x_words[COLUMNS / sizeof(uint64_t)];
static uint8_t scales[ROWS * GROUPS];
static int32_t out[ROWS];

static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Weights, and x of -limit..limit - 1, or -limit throughout. */
static void prepare(uint32_t limit, int everywhere)
{
    uint32_t state = 1;
    int8_t *x = (int8_t *)x_words;
    uint8_t *bytes = (uint8_t *)weights;

    for (size_t i = 0; i < sizeof weights; i++)
        bytes[i] = (uint8_t)(next(&state) >> 8);
    for (size_t i = 0; i < sizeof scales; i++)
        scales[i] = (uint8_t)(1u + (next(&state) >> 8) % 255u);
    for (size_t i = 0; i < COLUMNS; i++)
        x[i] = (int8_t)(everywhere ? -(int32_t)limit : (int32_t)((next(&state) >> 8) % (2u * limit)) - (int32_t)limit);
}

static uint32_t time_i8(const dogberry_kernels *set)
{
    uint32_t start = platform_ticks();

    for (uint32_t row = 0; row < ROWS; row += SLAB)
        set->matvec_i8(out + row, (const int8_t *)weights, COLUMNS, SLAB, (const int8_t *)x_words);
    return platform_ticks() - start;
}

static uint32_t time_i4(const dogberry_kernels *set)
{
    uint32_t start = platform_ticks();

    set->matvec_i4(out, (const uint32_t *)weights, scales, COLUMNS, ROWS / DOGBERRY_I4_BLOCK, (const int8_t *)x_words);
    return platform_ticks() - start;
}

static char *put(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

/* Ticks a weight, rounded to thousandths. */
static char *put_ratio(char *to, uint32_t ticks)
{
    uint32_t thousandths = (uint32_t)(((uint64_t)ticks * 1000u + WEIGHTS / 2) / WEIGHTS);

    *to++ = (char)('0' + thousandths / 10000u % 10u);
    if (to[-1] == '0')
        to--;
    *to++ = (char)('0' + thousandths / 1000u % 10u);
    *to++ = '.';
    *to++ = (char)('0' + thousandths / 100u % 10u);
    *to++ = (char)('0' + thousandths / 10u % 10u);
    *to++ = (char)('0' + thousandths % 10u);
    return to;
}

int main(void)
{
    static const struct {
        const char *name;
        uint32_t limit;
        int everywhere;
    } inputs[] = {{"-32..31", 32, 0}, {"-64..63", 64, 0}, {"-128..127", 128, 0}, {"all -128", 128, 1}};
    const dogberry_kernels *sets[] = {&dogberry_kernels_ref, dogberry_kernels_best()};
    char line[100], *end;

    platform_ticks(); /* starts the counter */
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        prepare(inputs[i].limit, inputs[i].everywhere);
        for (size_t k = 0; k < 2 && (k == 0 || sets[1] != sets[0]); k++) {
            end = put(put(put(put(line, "| "), sets[k]->name), " | "), inputs[i].name);
            end = put_ratio(put(end, " | "), time_i8(sets[k]));
            end = put_ratio(put(end, " | "), time_i4(sets[k]));
            *put(end, " |\n") = '\0';
            platform_print(line);
        }
    }
    return 0;
}
