/*
 * Runs every set of kernels that this build has beside ref, on random and extreme shapes and values, and
 * compares all that they write. Needs no C library; platform.h says what it does need. For each set one line:
 *     kernels NAME: ok DIGEST
 * or where the first difference is. Equal digests on two machines mean equal results there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#include "platform.h"
#include <stddef.h>

/* A micro:bit has 16 KB of RAM, and what does not fit here is not run. The digest is over what fits
 * the least, so that it is the same everywhere. */
#ifndef CHECK_BYTES
#define CHECK_BYTES 6144
#endif
enum {
    SMALL_BYTES = 6144,
    WEIGHT_BYTES = CHECK_BYTES,
    X_BYTES = CHECK_BYTES > 262144 ? 65536 : 1040,
    OUTS = CHECK_BYTES > 262144 ? 2048 : 528,
    SCALE_BYTES = OUTS + X_BYTES / 8,
    GROUP = DOGBERRY_I4_GROUP,
    BLOCK = DOGBERRY_I4_BLOCK,
    GUARD = 2,                     /* outputs before and behind that nobody may touch */
    SCALE_SUM = (1 << 20) / GROUP, /* of a row's group scales, at most: dogberry_open() */
};

typedef struct {
    uint64_t weights[WEIGHT_BYTES / 8 + 2]; /* two more: kernels may not count on more than 8, but see 16 too */
    uint64_t x[X_BYTES / 8 + 2];
    uint8_t scales[SCALE_BYTES];
    int32_t out[2][OUTS + 2 * GUARD + 1];
} buffers;

/* What a byte is drawn from. */
typedef enum { UNIFORM, SMALL, EDGES, LOWEST, HIGHEST, MIDDLE, SPARSE, PATCHES, FOURS, SIXTY_FOURS, DRAWS } draw;

typedef struct {
    uint32_t state, digest;
    const dogberry_kernels *set;
} run;

static uint32_t next(run *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 17;
    r->state ^= r->state << 5;
    return r->state;
}

/* Every case starts anew, so that it is the same whichever others ran before. */
static void seed(run *r, uint32_t columns, uint32_t rows, uint32_t values)
{
    r->state = (columns * 0x9E3779B1u ^ rows * 0x85EBCA77u ^ values * 0xC2B2AE3Du) | 1u;
    for (uint32_t i = 0; i < 8; i++)
        next(r);
}

static uint32_t draw_byte(run *r, draw from, uint32_t index)
{
    uint32_t random = next(r) >> 8;

    switch (from) {
    case SMALL: /* what activations look like: a few tens */
        return (random % 61u - 30u) & 0xFFu;
    case EDGES:
        return random & 1u ? 0x80u : 0x7Fu;
    case LOWEST:
        return 0x80u;
    case HIGHEST:
        return 0x7Fu;
    case MIDDLE: /* about half of the range: where the room of a lane ends */
        return (random & 0x100u ? 61u + random % 8u : 0u - 61u - random % 8u) & 0xFFu;
    case SPARSE:
        return random & 0xF00u ? 0u : random & 0xFFu;
    case PATCHES: /* calm and extreme stretches of 16 */
        return index & 16u ? (random & 0x100u ? 0x80u : 0x7Fu) : (random & 15u);
    case FOURS: /* sums of four and of a group of 64 at the last value, and one beyond, that a lane has room for */
        return 64u + ((index & 3u) == 3u ? 1u + (random & 1u) : 0u);
    case SIXTY_FOURS:
        return 68u + ((index & 63u) < 17u || ((index & 63u) == 17u && (random & 1u)) ? 1u : 0u);
    default:
        return random & 0xFFu;
    }
}

static void fill(run *r, void *bytes, uint32_t count, draw from)
{
    uint8_t *to = bytes;

    for (uint32_t i = 0; i < count; i++)
        to[i] = (uint8_t)draw_byte(r, from, i);
}

/* Nibbles, which have extremes of their own: 0 and 15. */
static void fill_nibbles(run *r, void *bytes, uint32_t count, draw from)
{
    uint8_t *to = bytes;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t random = next(r) >> 8 & 0xFFu;

        if (from == LOWEST)
            random = 0;
        else if (from == HIGHEST)
            random = 0xFFu;
        else if (from == EDGES)
            random = (random & 1u ? 0xF0u : 0u) | (random & 2u ? 0x0Fu : 0u);
        to[i] = (uint8_t)random;
    }
}

static void fill_scales(run *r, uint8_t *scales, uint32_t count, uint32_t groups, draw from)
{
    uint32_t most = groups * 255u <= SCALE_SUM ? 255u : SCALE_SUM / groups;

    for (uint32_t i = 0; i < count; i++)
        scales[i] = (uint8_t)(from == HIGHEST || from == EDGES ? most : next(r) % most + 1u);
}

static char *put(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

static char *put_number(char *to, uint32_t value, uint32_t base)
{
    char digits[12];
    uint32_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

static int differs(const run *r, const char *kind, uint32_t columns, uint32_t rows, uint32_t at)
{
    char line[120], *end = put(put(put(line, "kernels "), r->set->name), ": WRONG, ");

    end = put_number(put(put(end, kind), ", columns "), columns, 10);
    end = put_number(put(end, ", rows "), rows, 10);
    end = put_number(put(end, ": output "), at, 10);
    *put(end, "\n") = '\0';
    platform_print(line);
    return -1;
}

enum { UNTOUCHED = 0x5A5A5A5A };

static void prepare(buffers *b, uint32_t rows)
{
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < rows + 2 * GUARD + 1; i++)
            b->out[k][i] = UNTOUCHED;
}

/* Compares outputs, guards included, and takes them into the digest (FNV-1a) where the case is small. */
static int compare(run *r, const buffers *b, uint32_t rows, const char *kind, uint32_t columns, int digest)
{
    for (uint32_t i = 0; i < rows + 2 * GUARD + 1; i++)
        if (b->out[0][i] != b->out[1][i])
            return differs(r, kind, columns, rows, i);
    for (uint32_t i = 0; digest && i < rows + 2 * GUARD; i++)
        for (uint32_t k = 0; k < 4; k++)
            r->digest = (r->digest ^ ((uint32_t)b->out[1][i] >> 8 * k & 0xFFu)) * 16777619u;
    return 0;
}

/* Aligned to 16 in three cases of four. */
static int8_t *place_of_x(buffers *b, uint32_t rows, uint32_t values)
{
    return (int8_t *)(b->x + (((rows ^ values) & 3u) == 3u ? 1 : 0));
}

/* `shift` moves the weights to an address that is a multiple of 8 only, and out to one of 4. */
static int case_i8(run *r, buffers *b, uint32_t stride, uint32_t rows, uint32_t values)
{
    uint32_t bytes = stride * rows, shift = (rows ^ values) & 1u;
    int8_t *weights = (int8_t *)(b->weights + shift);
    int8_t *x = place_of_x(b, rows, values);

    if (bytes > WEIGHT_BYTES || stride > X_BYTES || rows > OUTS)
        return 0;
    seed(r, stride, rows, values);
    fill(r, weights, bytes, values / DRAWS);
    fill(r, x, stride, values % DRAWS);
    prepare(b, rows);
    dogberry_kernels_ref.matvec_i8(b->out[0] + GUARD + shift, weights, stride, rows, x);
    r->set->matvec_i8(b->out[1] + GUARD + shift, weights, stride, rows, x);
    return compare(r, b, rows, "int8", stride, bytes <= SMALL_BYTES);
}

static int case_i4(run *r, buffers *b, uint32_t columns, uint32_t blocks, uint32_t values)
{
    uint32_t bytes = 4u * columns * blocks, groups = (columns + GROUP - 1u) / GROUP;
    uint32_t shift = (blocks ^ values) & 1u;
    uint32_t *weights = (uint32_t *)(b->weights + shift);
    int8_t *x = place_of_x(b, blocks, values);

    if (bytes > WEIGHT_BYTES || columns > X_BYTES || blocks * BLOCK > OUTS || blocks * groups * BLOCK > SCALE_BYTES)
        return 0;
    seed(r, columns, blocks, values);
    fill_nibbles(r, weights, bytes, values / DRAWS);
    fill(r, x, columns, values % DRAWS);
    fill_scales(r, b->scales, blocks * groups * BLOCK, groups, values / DRAWS);
    prepare(b, blocks * BLOCK);
    dogberry_kernels_ref.matvec_i4(b->out[0] + GUARD + shift, weights, b->scales, columns, blocks, x);
    r->set->matvec_i4(b->out[1] + GUARD + shift, weights, b->scales, columns, blocks, x);
    return compare(r, b, blocks * BLOCK, "int4", columns, bytes <= SMALL_BYTES);
}

/* A number of so many bits, often one of the largest. */
static int32_t draw_number(run *r, uint32_t bits, uint32_t values)
{
    int32_t limit = (int32_t)1 << (bits - 1u);
    uint32_t random = next(r) >> 4;

    switch (values % 5u) {
    case 0:
        return -limit;
    case 1:
        return limit - 1;
    case 2:
        return random & 1u ? -limit : limit - 1;
    default:
        return (int32_t)(random % (2u * (uint32_t)limit)) - limit;
    }
}

/* Sums as large as their shifts allow, or of 16 or 17 bits; in place, or from some places behind. Without bias where
 * `values` is odd. */
static int case_rescale(run *r, buffers *b, uint32_t rows, uint32_t values)
{
    uint32_t *scales = (uint32_t *)(void *)b->weights, behind = values % 8u;
    int16_t *bias = (int16_t *)(void *)b->x;

    if (rows + behind > OUTS || 4u * rows > WEIGHT_BYTES || 2u * rows > X_BYTES)
        return 0;
    seed(r, rows, 1, values);
    prepare(b, rows + behind);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t s = 8u + (next(r) >> 8) % 39u, m = 16384u + (next(r) >> 8) % 16384u, bits;

        scales[i] = s << 16 | (next(r) & 0xF00u ? m : next(r) & 0x1000u ? 32767u : 0);
        bias[i] = (int16_t)draw_number(r, 16, values / 5u);
        bits = next(r) & 0x100u ? 16u + (next(r) >> 8) % 2u : s < 17u ? s + 15u : 8u + next(r) % 24u;
        b->out[0][GUARD + behind + i] = b->out[1][GUARD + behind + i] = draw_number(r, bits, values);
    }
    for (uint32_t k = 0; k < 2; k++) {
        const dogberry_kernels *set = k == 0 ? &dogberry_kernels_ref : r->set;
        int32_t *out = b->out[k] + GUARD;

        set->rescale(out, out + behind, scales, values & 1u ? NULL : bias, rows);
    }
    return compare(r, b, rows + behind, "rescale", behind, 1);
}

/* Logits of which few or all weigh, from any number on, with less left than they weigh, or so much that it goes beyond
 * 32 bits. */
static int case_take(run *r, buffers *b, uint32_t count, uint32_t values)
{
    int16_t *logits = (int16_t *)(void *)b->weights;
    dogberry_weighing how = {.highest = INT16_MIN};
    uint64_t left;
    uint32_t at = values % 7u < count ? values % 7u : 0, reach;

    seed(r, count, 1, values);
    prepare(b, 3);
    for (uint32_t i = 0; i < count; i++) {
        logits[i] = (int16_t)draw_number(r, 6u + values % 11u, values / 5u);
        if (logits[i] > how.highest)
            how.highest = logits[i];
    }
    how.slope = 100u + (next(r) >> 8) % (values & 1u ? 20000u : 4000000u);
    reach = (25u << 26) / how.slope - 1u;
    how.least = how.highest - (int32_t)((next(r) >> 8) % (reach < 65536u ? reach : 65536u));
    left = values % 3u == 0 ? ((uint64_t)1 << 32) + (next(r) >> 12) : (uint64_t)next(r) >> (values % 13u);
    for (uint32_t k = 0; k < 2; k++) {
        const dogberry_kernels *set = k == 0 ? &dogberry_kernels_ref : r->set;
        uint64_t rest = left;
        int32_t *out = b->out[k] + GUARD;

        out[0] = (int32_t)set->take(logits, at, count, &how, &rest);
        out[1] = (int32_t)(uint32_t)rest;
        out[2] = (int32_t)(uint32_t)(rest >> 32);
    }
    return compare(r, b, 3, "take", count, 1);
}

/* ---- Attention ---- */

/* The shape of a case: what fits is run. */
typedef struct {
    uint32_t width, count, stride, values;
} head;

static uint32_t alignment_of(uint32_t width)
{
    return width % 4u == 0 ? 4u : width % 2u == 0 ? 2u : 1u;
}

static int case_scores(run *r, buffers *b, const head *h, uint32_t bits)
{
    uint32_t items = h->stride * h->count + 4u, from = alignment_of(h->width);
    int8_t *narrow = (int8_t *)b->weights;
    int16_t *wide = (int16_t *)(void *)b->weights;
    int32_t *query = (int32_t *)(void *)b->x, most[2];

    if (items * (bits == 8 ? 1u : 2u) > WEIGHT_BYTES || h->count > OUTS)
        return 0;
    seed(r, h->width, h->count, h->values + bits);
    for (uint32_t i = 0; i < items; i++) {
        int32_t key = draw_number(r, bits, h->values / 5u);

        if (bits == 8)
            narrow[i] = (int8_t)key;
        else
            wide[i] = (int16_t)key;
    }
    for (uint32_t c = 0; c < h->width; c++)
        query[c] = draw_number(r, 24u - bits, h->values);
    prepare(b, h->count);
    for (uint32_t k = 0; k < 2; k++) {
        const dogberry_transformer_kernels *set = (k == 0 ? &dogberry_kernels_ref : r->set)->transformer;
        int32_t *scores = b->out[k] + GUARD;

        most[k] = bits == 8 ? set->scores_i8(scores, query, narrow + from, h->stride, h->count, h->width)
                            : set->scores_i16(scores, query, wide + from, h->stride, h->count, h->width);
    }
    if (most[0] != most[1])
        return differs(r, "highest score", h->width, h->count, 0);
    return compare(r, b, h->count, "scores", h->width, items <= SMALL_BYTES / 2 && h->count <= 256u);
}

/* Scores from the highest on to where weights are 0, and much further. */
static int case_weigh(run *r, buffers *b, uint32_t count, uint32_t frac, uint32_t bits)
{
    uint32_t sums[2];
    int32_t most;

    if (count > OUTS)
        return 0;
    seed(r, count, frac, bits);
    most = draw_number(r, 31, frac);
    prepare(b, count);
    for (uint32_t j = 0; j < count; j++) {
        uint32_t shift = (next(r) >> 8) % 32u, below = next(r) >> shift;

        if (j % 16u == 0)
            below = (25u << frac) - 1u + (j >> 4) % 3u; /* about where weights end */
        if (below > (uint32_t)most + (1u << 30) || j == count / 2u)
            below = 0;
        b->out[0][GUARD + j] = b->out[1][GUARD + j] = (int32_t)((uint32_t)most - below);
    }
    sums[0] = dogberry_kernels_ref.transformer->weigh(b->out[0] + GUARD, count, most, frac, bits);
    sums[1] = r->set->transformer->weigh(b->out[1] + GUARD, count, most, frac, bits);
    if (sums[0] != sums[1])
        return differs(r, "sum of weights", frac, count, 0);
    return compare(r, b, count, "weights", frac, 1);
}

static int case_mix(run *r, buffers *b, const head *h)
{
    uint32_t items = h->stride * h->count + 4u, left = 1u << 23, from = alignment_of(h->width);
    int32_t *weights = (int32_t *)(void *)b->x;
    int8_t *values = (int8_t *)b->weights;

    if (items > WEIGHT_BYTES || 4u * h->count > X_BYTES || h->width > OUTS)
        return 0;
    seed(r, h->width, h->count, h->values);
    for (uint32_t i = 0; i < items; i++)
        values[i] = (int8_t)draw_number(r, 8, h->values / 5u);
    for (uint32_t j = 0; j < h->count; j++) {
        uint32_t weight = h->values % 3u == 0 ? left / (h->count - j) : (next(r) >> 8) % (left + 1u);

        if (h->values % 3u == 2u && (next(r) & 0x300u) != 0)
            weight = 0;
        weights[j] = (int32_t)weight;
        left -= weight;
    }
    prepare(b, h->width);
    dogberry_kernels_ref.transformer->mix_i8(b->out[0] + GUARD, weights, values + from, h->stride, h->count, h->width);
    r->set->transformer->mix_i8(b->out[1] + GUARD, weights, values + from, h->stride, h->count, h->width);
    return compare(r, b, h->width, "mix", h->width, items <= SMALL_BYTES / 2 && h->count <= 256u);
}

/* Gates of `bits` bits, beyond 16 too: what does not fit saturates. */
static int case_swiglu(run *r, buffers *b, uint32_t count, uint32_t bits, uint32_t values)
{
    int32_t *gates = (int32_t *)(void *)b->x, *ups = gates + count;
    uint32_t words = (count + 3u) / 4u;

    if (8u * count > X_BYTES)
        return 0;
    seed(r, count, bits, values);
    for (uint32_t i = 0; i < count; i++) {
        gates[i] = draw_number(r, bits, values);
        ups[i] = draw_number(r, bits, values / 5u);
    }
    prepare(b, words);
    dogberry_kernels_ref.transformer->swiglu((int8_t *)(b->out[0] + GUARD), gates, ups, count);
    r->set->transformer->swiglu((int8_t *)(b->out[1] + GUARD), gates, ups, count);
    return compare(r, b, words, "gate", bits, 1);
}

/* ---- Columns ---- */

enum { COLUMNS = 200, ALL_TERMS = 8, VALUE_KINDS = 4 };

/* Terms of so many columns: all, none, one, or some; values large, small, or mixed. Returns how many. */
static uint32_t draw_terms(run *r, uint32_t *terms, uint32_t columns, uint32_t values)
{
    uint32_t count = 0, only = (next(r) >> 8) % columns;

    for (uint32_t c = 0; c < columns; c++) {
        uint32_t random = next(r) >> 8, value = 1u + random % 127u, density = values % ALL_TERMS;

        if (values / ALL_TERMS % VALUE_KINDS == 0)
            value = 127;
        else if (values / ALL_TERMS % VALUE_KINDS == 1u)
            value = 1u + random % 9u; /* what squared ReLU leaves */
        else if (values / ALL_TERMS % VALUE_KINDS == 2u)
            value = 68u + (c % GROUP < 18u ? 1u : 0u); /* a group's sum is one beyond what a lane has room for */
        if (density == 1u ? c == only : (random >> 8) % (ALL_TERMS - 1u) < density)
            terms[count++] = c << 8 | value;
    }
    return count;
}

/* A part of a matrix with more rows, or all of it. */
static int case_columns(run *r, buffers *b, uint32_t bits, uint32_t blocks, uint32_t values)
{
    uint32_t stride = (blocks + values % 3u) * bits, fit = WEIGHT_BYTES / stride, groups, count;
    uint32_t columns = fit < COLUMNS ? fit : COLUMNS, *terms = (uint32_t *)(void *)b->x;

    groups = (columns + GROUP - 1u) / GROUP;
    if (blocks * BLOCK > OUTS || groups * 2u * stride > SCALE_BYTES)
        return 0;
    seed(r, stride, blocks, values + bits);
    if (bits == 8)
        fill(r, b->weights, stride * columns, values / (VALUE_KINDS * ALL_TERMS));
    else
        fill_nibbles(r, b->weights, stride * columns, values / (VALUE_KINDS * ALL_TERMS));
    fill_scales(r, b->scales, groups * 2u * stride, groups, values / (VALUE_KINDS * ALL_TERMS));
    count = draw_terms(r, terms, columns, values);
    prepare(b, blocks * BLOCK);
    for (uint32_t k = 0; k < 2; k++) {
        const dogberry_transformer_kernels *set = (k == 0 ? &dogberry_kernels_ref : r->set)->transformer;
        int32_t *sums = b->out[k] + GUARD;

        for (uint32_t i = 0; i < blocks * BLOCK; i++)
            sums[i] = (int32_t)(i * 77777u) - 1000000;
        set->add_columns(sums, b->weights, bits == 8 ? NULL : b->scales, stride, blocks, terms, count);
    }
    return compare(r, b, blocks * BLOCK, bits == 8 ? "int8 columns" : "int4 columns", count,
                   stride * COLUMNS <= SMALL_BYTES);
}

static int check_columns(run *r, buffers *b)
{
    static const uint16_t tried[] = {1, 2, 3, 5, 8, 33};

    for (uint32_t i = 0; i < sizeof tried / sizeof *tried; i++)
        for (uint32_t values = i; values < DRAWS * VALUE_KINDS * ALL_TERMS; values += 7u)
            if (case_columns(r, b, 8, tried[i], values) != 0 || case_columns(r, b, 4, tried[i], values) != 0)
                return -1;
    return 0;
}

static const uint16_t widths_tried[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 18, 20, 31, 32, 64, 256};
static const uint16_t counts_tried[] = {1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 130, 500, 2000};

static int check_attention(run *r, buffers *b)
{
    for (uint32_t i = 0; i < sizeof widths_tried / sizeof *widths_tried; i++) {
        for (uint32_t k = 0; k < sizeof counts_tried / sizeof *counts_tried; k++) {
            for (uint32_t values = 0; values < 25u; values++) {
                uint32_t width = widths_tried[i];
                head h = {width, counts_tried[k], width * (1u + (i + k + values) % 3u), values};

                if (case_scores(r, b, &h, 8) != 0 || case_scores(r, b, &h, 12) != 0 || case_mix(r, b, &h) != 0)
                    return -1;
            }
        }
    }
    for (uint32_t frac = 8; frac <= 16; frac++)
        for (uint32_t bits = 11; bits <= 23; bits++)
            if (case_weigh(r, b, (1u << (23u - bits)) < 100u ? 1u << (23u - bits) : 100u, frac, bits) != 0)
                return -1;
    for (uint32_t bits = 10; bits <= 31; bits++)
        for (uint32_t values = 0; values < 25u; values++)
            if (case_swiglu(r, b, 1u + (values * 7u + bits) % 40u, bits, values) != 0)
                return -1;
    return 0;
}

/* Columns, then rows (int8) and blocks (int4) to try them with; what does not fit is left out. */
static const uint16_t columns_tried[] = {16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 240, 272, 320, 512, 1024};
static const uint16_t rows_tried[] = {1, 2, 3, 4, 5, 7, 8, 13, 66, 67, 260};
static const uint16_t blocks_tried[] = {1, 2, 3, 5, 8, 33, 66};
/* Only where there is memory: the longest rows of all, and a common shape. */
static const uint16_t large_tried[][2] = {{65520, 8}, {4096, 16}, {4160, 24}, {320, 1024}, {16384, 8}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint32_t some_values(size_t i, size_t k)
{
    return (uint32_t)(i * 37u + k * 11u) % (DRAWS * DRAWS);
}

static int check_shapes(run *r, buffers *b)
{
    for (size_t c = 0; c < COUNT(columns_tried); c++) {
        for (size_t i = 0; i < COUNT(rows_tried); i++)
            if (case_i8(r, b, columns_tried[c], rows_tried[i], some_values(c, i)) != 0)
                return -1;
        for (size_t i = 0; i < COUNT(blocks_tried); i++)
            if (case_i4(r, b, columns_tried[c], blocks_tried[i], some_values(i, c)) != 0)
                return -1;
    }
    return 0;
}

/* Every way to draw the weights with every way to draw x, on shapes with every kind of rest. */
static int check_values(run *r, buffers *b)
{
    for (uint32_t values = 0; values < DRAWS * DRAWS; values++)
        for (uint32_t columns = 16; columns <= 208; columns += 48) {
            if (case_i8(r, b, columns, 9, values) != 0 || case_i8(r, b, columns, 4, values) != 0 ||
                case_i4(r, b, columns, 2, values) != 0)
                return -1;
        }
    return 0;
}

static int check_large(run *r, buffers *b)
{
    for (size_t i = 0; i < COUNT(large_tried); i++)
        for (uint32_t values = 0; values < DRAWS * DRAWS; values += 5u) {
            if (case_i8(r, b, large_tried[i][0], large_tried[i][1], values) != 0 ||
                case_i4(r, b, large_tried[i][0], large_tried[i][1] / BLOCK, values) != 0)
                return -1;
        }
    return 0;
}

static int check_set(buffers *b, const dogberry_kernels *set)
{
    run r = {.state = 0x2545F491u, .digest = 2166136261u, .set = set};
    char line[80], *end;

    for (uint32_t rows = 1; rows <= 40; rows++)
        for (uint32_t values = 0; values < 25u; values++)
            if (case_rescale(&r, b, rows, values) != 0 || case_take(&r, b, 3u * rows, values) != 0)
                return -1;
    if (check_attention(&r, b) != 0 || check_columns(&r, b) != 0)
        return -1;
    if (check_values(&r, b) != 0 || check_shapes(&r, b) != 0 || (WEIGHT_BYTES > SMALL_BYTES && check_large(&r, b) != 0))
        return -1;
    end = put_number(put(put(put(line, "kernels "), set->name), ": ok "), r.digest, 16);
    *put(end, "\n") = '\0';
    platform_print(line);
    return 0;
}

int main(void)
{
    static const char *const names[] = {"ref",         "armv6m",       "arm-dsp",   "avx2",
                                        "avx512-vnni", "wasm-simd128", "xtensa-s3", "scalar32"};
    static buffers b __attribute__((aligned(16)));
    int status = 0;

    for (size_t i = 0; i < COUNT(names); i++) {
        const dogberry_kernels *set = dogberry_kernels_named(names[i]);

        if (set != NULL && check_set(&b, set) != 0)
            status = 1;
    }
    return status;
}
