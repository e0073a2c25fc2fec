/*
 * A set of kernels against ref, on the board itself, at the start. Written for the ESP32-S3, whose vector unit no
 * emulator of a distribution has; any set on any machine can be tried.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "seam.h"

enum {
    WEIGHT_BYTES = 320,
    X_BYTES = 112,
    OUTS = 16,
    SCALE_BYTES = 16,
    ALIGNMENT = 16, /* what vector units ask for */
    LINE_BYTES = 64,
    PART_BYTES = 20, /* of a line: no set's name makes it too long */
    UNTOUCHED = 0x5A5A5A5A,
};

/* Where values come from: evenly, the two ends, or one of them. */
enum { EVENLY, ENDS, LOWEST, HIGHEST, DRAWS };

/* On the stack of whoever asks. */
typedef struct {
    uint8_t weights[WEIGHT_BYTES], x[X_BYTES]; /* aligned */
    uint8_t scales[SCALE_BYTES];
    int32_t out[2][OUTS];
} buffers;

typedef struct {
    const dogberry_kernels *kernels;
    buffers *memory;
    uint32_t state, digest;
} trial;

/* Marsaglia, "Xorshift RNGs", 2003. */
static uint32_t random_byte(trial *t)
{
    t->state ^= t->state << 13;
    t->state ^= t->state >> 17;
    t->state ^= t->state << 5;
    return t->state >> 8 & 0xFFu;
}

static void draw(trial *t, uint8_t *bytes, uint32_t count, uint32_t from, uint8_t lowest, uint8_t highest)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t random = random_byte(t);

        if (from == LOWEST)
            bytes[i] = lowest;
        else if (from == HIGHEST)
            bytes[i] = highest;
        else
            bytes[i] = (uint8_t)(from == EVENLY ? random : random & 1u ? lowest : highest);
    }
}

static void prepare(trial *t, uint32_t width, uint32_t bytes, uint32_t values, int is_i4)
{
    buffers *b = t->memory;

    draw(t, b->weights, bytes, values / DRAWS, is_i4 ? 0x00 : 0x80, is_i4 ? 0xFF : 0x7F);
    draw(t, b->x, width, values % DRAWS, 0x80, 0x7F);
    draw(t, b->scales, SCALE_BYTES, values / DRAWS, 1, 255);
    for (uint32_t i = 0; i < OUTS; i++)
        b->out[0][i] = b->out[1][i] = UNTOUCHED;
}

/* Takes ref's outputs into the digest (FNV-1a). Returns whether the other ones, and all behind them, are the same. */
static int is_equal(trial *t, uint32_t count)
{
    const buffers *b = t->memory;
    uint32_t different = 0;

    for (uint32_t i = 0; i < OUTS; i++) {
        different |= (uint32_t)b->out[0][i] ^ (uint32_t)b->out[1][i];
        for (uint32_t k = 0; i < count && k < 32u; k += 8u)
            t->digest = (t->digest ^ ((uint32_t)b->out[1][i] >> k & 0xFFu)) * 16777619u;
    }
    return different == 0;
}

static int try_i8(trial *t, uint32_t stride, uint32_t rows, uint32_t values)
{
    buffers *b = t->memory;
    const int8_t *weights = (const int8_t *)b->weights, *x = (const int8_t *)b->x;

    if (t->kernels->matvec_i8 == NULL || dogberry_kernels_ref.matvec_i8 == NULL)
        return 1;
    prepare(t, stride, stride * rows, values, 0);
    dogberry_kernels_ref.matvec_i8(b->out[0], weights, stride, rows, x);
    t->kernels->matvec_i8(b->out[1], weights, stride, rows, x);
    return is_equal(t, rows);
}

static int try_i4(trial *t, uint32_t columns, uint32_t blocks, uint32_t values)
{
    buffers *b = t->memory;
    const uint32_t *weights = (const uint32_t *)(const void *)b->weights;
    const int8_t *x = (const int8_t *)b->x;

    prepare(t, columns, 4u * columns * blocks, values, 1);
    dogberry_kernels_ref.matvec_i4(b->out[0], weights, b->scales, columns, blocks, x);
    t->kernels->matvec_i4(b->out[1], weights, b->scales, columns, blocks, x);
    return is_equal(t, blocks * DOGBERRY_I4_BLOCK);
}

/* Returns NULL where all is equal, else what is not. */
static const char *first_difference(trial *t)
{
    static const uint8_t rows_of[][2] = {{16, 16}, {32, 10}, {48, 6}, {64, 5}, {80, 4}, {112, 2}, {112, 1}};
    static const uint8_t blocks_of[][2] = {{16, 2}, {32, 2}, {48, 1}, {64, 1}, {80, 1}};

    for (uint32_t values = 0; values < DRAWS * DRAWS; values++) {
        for (uint32_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++)
            if (!try_i8(t, rows_of[i][0], rows_of[i][1], values))
                return "int8";
        for (uint32_t i = 0; i < sizeof blocks_of / sizeof *blocks_of; i++)
            if (!try_i4(t, blocks_of[i][0], blocks_of[i][1], values))
                return "int4";
    }
    return NULL;
}

static char *put(char *to, const char *text)
{
    const char *limit = to + PART_BYTES;

    while (*text != '\0' && to < limit)
        *to++ = *text++;
    return to;
}

static char *put_hexadecimal(char *to, uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[value >> shift & 15u];
    return to;
}

static const dogberry_kernels *in_c(void)
{
#if defined(DOGBERRY_SCALAR32)
    return &dogberry_kernels_scalar32;
#else
    return &dogberry_kernels_ref;
#endif
}

const dogberry_kernels *dogberry_kernels_checked(const dogberry_kernels *kernels, dogberry_put say, void *context)
{
    uint8_t room[sizeof(buffers) + ALIGNMENT];
    trial t = {kernels, NULL, 0x2545F491u, 2166136261u};
    char line[LINE_BYTES], *end = put(put(put(line, "kernels "), kernels->name), ": ");
    const char *wrong;

    t.memory = (buffers *)(void *)(room + (ALIGNMENT - (uintptr_t)room % ALIGNMENT) % ALIGNMENT);
    wrong = first_difference(&t);
    if (wrong == NULL)
        end = put_hexadecimal(put(end, "pass "), t.digest);
    else
        end = put(put(put(put(end, "FAIL "), wrong), ", using "), in_c()->name);
    *end++ = '\n';
    say(context, line, (size_t)(end - line));
    return wrong == NULL ? kernels : in_c();
}
