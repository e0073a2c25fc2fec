/*
 * Kernels for Arm cores with the DSP extension: Armv7E-M (Cortex-M4, M7), Armv8-M with DSP (Cortex-M33).
 *
 * int8: SXTB16 widens two bytes of a word, every other one; SMLAD multiplies two pairs and adds both products to a
 * sum. Two rows go together, so that x is widened once for them.
 *
 * int4: two rows a multiplication in lanes of 16 bits as in ref, but the first lanes need no mask and no shift: with
 *     w = l0 + 2^4 l1 + 2^8 l2 + 2^12 l3,  l_k = (w >> 4k) & 0x000F000F
 * the sum of l0 * x is the sum of w * x less 2^4, 2^8, 2^12 times those of l1, l2, l3, modulo 2^32. A shift and
 * a mask are one instruction on these cores, a product and an addition as well: 7 for the 8 weights of a word. Adding
 * 15 N, N = sum of |x| over the negative x, puts a lane into 0..15 * sum of |x|. A *run* of columns is a group where
 * that is below 2^16, else 32 columns, where it always is: 15 * 32 * 128 < 2^16. SMLAD would need two columns packed
 * for each row: 8 rows and 2 columns would take 21 instructions with loads instead of 18.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#include "seam.h"

/* Four int8, read as one word. */
typedef uint32_t __attribute__((may_alias)) four;

/* Bytes 0 and 2 as signed half-words. */
static inline uint32_t widen_even(uint32_t bytes)
{
    uint32_t pair;

    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
    return pair;
}

/* Bytes 1 and 3. */
static inline uint32_t widen_odd(uint32_t bytes)
{
    uint32_t pair;

    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
}

/* sum + a0 b0 + a1 b1 over signed half-words. */
static inline int32_t add_products(uint32_t a, uint32_t b, int32_t sum)
{
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

static inline int32_t add_word(int32_t sum, uint32_t word, uint32_t x_even, uint32_t x_odd)
{
    return add_products(widen_odd(word), x_odd, add_products(widen_even(word), x_even, sum));
}

/* Four columns of two rows. */
static inline void add_words(int32_t *sums, uint32_t w0, uint32_t w1, uint32_t x)
{
    uint32_t even = widen_even(x), odd = widen_odd(x);

    sums[0] = add_word(sums[0], w0, even, odd);
    sums[1] = add_word(sums[1], w1, even, odd);
    __asm__ volatile("" ::: "memory"); /* else the compiler loads all words first and runs out of registers */
}

/* Two rows of `words` words, a multiple of 4; they may be the same row. */
static inline void two_rows(int32_t *out, const four *w0, const four *w1, uint32_t words, const four *x)
{
    int32_t sums[2] = {0, 0};

    for (const four *end = x + words; x != end; x += 4, w0 += 4, w1 += 4) {
        add_words(sums, w0[0], w1[0], x[0]);
        add_words(sums, w0[1], w1[1], x[1]);
        add_words(sums, w0[2], w1[2], x[2]);
        add_words(sums, w0[3], w1[3], x[3]);
    }
    out[0] = sums[0];
    out[1] = sums[1];
}

static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    const four *w = (const void *)weights, *factors = (const void *)x;
    uint32_t words = stride / sizeof *w;
    int32_t last[2];

    for (uint32_t row = 0; row + 1u < rows; row += 2u, w += 2u * words)
        two_rows(out + row, w, w + words, words, factors);
    if (rows % 2u != 0) {
        two_rows(last, w, w, words, factors);
        out[rows - 1u] = last[0];
    }
}

enum { LANES = 0x000F000F, SAFE_RUN = 32, LANE_MAX = 0xFFFF };

/* Columns that are summed in lanes together. */
typedef struct {
    const int8_t *x;
    uint32_t columns;
    uint32_t negative; /* N */
    int32_t most;      /* a lane is 0..most: 15 * sum of |x| */
    int32_t offset;    /* of a lane: 15 N, and 8 * sum of x as nibbles are weights + 8 */
} run;

static run measure(const int8_t *x, uint32_t columns)
{
    int32_t sum = 0, negative = 0;

    for (uint32_t c = 0; c < columns; c++) {
        sum += x[c];
        negative -= x[c] < 0 ? x[c] : 0;
    }
    return (run){x, columns, (uint32_t)negative, 15 * (sum + 2 * negative), 15 * negative + 8 * sum};
}

/* Rows k and k + 4. */
static inline void add_pair(int32_t *out, const uint8_t *scales, uint32_t lanes, int32_t offset)
{
    out[0] += scales[0] * ((int32_t)(lanes & 0xFFFFu) - offset);
    out[4] += scales[4] * ((int32_t)(lanes >> 16) - offset);
}

/* The sums of w * x, l1 * x, l2 * x, l3 * x. */
typedef struct {
    uint32_t all, lanes1, lanes2, lanes3;
} sums;

/* The mask comes in a register, where a shifted operand can meet it. */
static inline void add_column(sums *s, uint32_t word, int8_t x, uint32_t mask)
{
    uint32_t factor = (uint32_t)(int32_t)x;

    s->all += word * factor;
    s->lanes1 += (word >> 4 & mask) * factor;
    s->lanes2 += (word >> 8 & mask) * factor;
    s->lanes3 += (word >> 12 & mask) * factor;
}

static void add_run(int32_t *out, const uint32_t *w, const uint8_t *scales, const run *r)
{
    const int8_t *x = r->x, *end = x + r->columns;
    uint32_t start = 15u * 0x10001u * r->negative, mask = LANES;
    sums s = {0u - r->negative, start, start, start}; /* 15 N in every nibble's place is 0xFFFFFFFF N */

    __asm__("" : "+r"(mask)); /* else the compiler makes it a constant of each instruction, which then cannot shift */
    for (; x != end; x += 8, w += 8) {
        add_column(&s, w[0], x[0], mask);
        add_column(&s, w[1], x[1], mask);
        add_column(&s, w[2], x[2], mask);
        add_column(&s, w[3], x[3], mask);
        add_column(&s, w[4], x[4], mask);
        add_column(&s, w[5], x[5], mask);
        add_column(&s, w[6], x[6], mask);
        add_column(&s, w[7], x[7], mask);
    }
    add_pair(out, scales, s.all - (s.lanes1 << 4) - (s.lanes2 << 8) - (s.lanes3 << 12), r->offset);
    add_pair(out + 1, scales + 1, s.lanes1, r->offset);
    add_pair(out + 2, scales + 2, s.lanes2, r->offset);
    add_pair(out + 3, scales + 3, s.lanes3, r->offset);
}

static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                      uint32_t blocks, const int8_t *x)
{
    uint32_t groups = (columns + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;

    dogberry_fill(out, 0, (size_t)blocks * DOGBERRY_I4_BLOCK * sizeof *out);
    for (uint32_t first = 0; first < columns;) {
        uint32_t left = columns - first, group = DOGBERRY_I4_GROUP - first % DOGBERRY_I4_GROUP;
        run r = measure(x + first, left < group ? left : group);
        const uint8_t *scales = group_scales + first / DOGBERRY_I4_GROUP * DOGBERRY_I4_BLOCK;

        if (r.columns > SAFE_RUN && r.most > LANE_MAX)
            r = measure(x + first, SAFE_RUN);
        for (uint32_t b = 0; b < blocks; b++)
            add_run(out + b * DOGBERRY_I4_BLOCK, weights + (size_t)b * columns + first,
                    scales + (size_t)b * groups * DOGBERRY_I4_BLOCK, &r);
        first += r.columns;
    }
}

const dogberry_kernels dogberry_kernels_arm_dsp = {"arm-dsp",
                                                   matvec_i8,
                                                   matvec_i4,
                                                   dogberry_ref_rescale,
                                                   dogberry_ref_take,
                                                   NULL,
                                                   DOGBERRY_TRANSFORMER_KERNELS(dogberry_ref_transformer)};
#endif
