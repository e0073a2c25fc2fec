/*
 * Integer helpers that the compiler calls and Debian's libgcc for the lx106 leaves out, because the
 * ESP8266 has them in ROM. Schoolbook: long division by bits, products by halves.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>

uint32_t __udivsi3(uint32_t n, uint32_t d);
uint32_t __umodsi3(uint32_t n, uint32_t d);
int32_t __divsi3(int32_t n, int32_t d);
uint64_t __umulsidi3(uint32_t a, uint32_t b);
int64_t __muldi3(int64_t a, int64_t b);
uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);

typedef union {
    uint64_t whole;
    uint32_t half[2]; /* low, high */
} wide;

/* The lx106 has 32-bit products of 32 bits only: no high half. */
uint64_t __umulsidi3(uint32_t a, uint32_t b)
{
    uint32_t low = (a & 0xFFFFu) * (b & 0xFFFFu), high = (a >> 16) * (b >> 16);
    uint32_t cross = (a >> 16) * (b & 0xFFFFu), middle = (a & 0xFFFFu) * (b >> 16) + (low >> 16);
    wide product;

    middle += cross;
    product.half[0] = middle << 16 | (low & 0xFFFFu);
    product.half[1] = high + (middle >> 16) + (middle < cross ? 0x10000u : 0u);
    return product.whole;
}

int64_t __muldi3(int64_t a, int64_t b)
{
    wide x, y, product;

    x.whole = (uint64_t)a;
    y.whole = (uint64_t)b;
    product.whole = __umulsidi3(x.half[0], y.half[0]);
    product.half[1] += x.half[0] * y.half[1] + x.half[1] * y.half[0];
    return (int64_t)product.whole;
}

/* n / d in *quotient. Returns the remainder. */
static uint64_t divide(uint64_t n, uint64_t d, uint64_t *quotient)
{
    uint64_t rest = 0, q = 0;

    for (unsigned i = 64; i-- > 0;) {
        uint32_t carry = (uint32_t)(rest >> 63);

        rest = rest << 1 | (n >> i & 1u);
        q <<= 1;
        if (carry || rest >= d) {
            rest -= d;
            q |= 1u;
        }
    }
    *quotient = q;
    return rest;
}

static uint32_t divide32(uint32_t n, uint32_t d, uint32_t *quotient)
{
    uint32_t rest = 0, q = 0;

    for (unsigned i = 32; i-- > 0;) {
        uint32_t carry = rest >> 31;

        rest = rest << 1 | (n >> i & 1u);
        q <<= 1;
        if (carry || rest >= d) {
            rest -= d;
            q |= 1u;
        }
    }
    *quotient = q;
    return rest;
}

uint32_t __udivsi3(uint32_t n, uint32_t d)
{
    uint32_t q;

    (void)divide32(n, d, &q);
    return q;
}

uint32_t __umodsi3(uint32_t n, uint32_t d)
{
    uint32_t q;

    return divide32(n, d, &q);
}

int32_t __divsi3(int32_t n, int32_t d)
{
    uint32_t q = __udivsi3(n < 0 ? 0u - (uint32_t)n : (uint32_t)n, d < 0 ? 0u - (uint32_t)d : (uint32_t)d);

    return (int32_t)((n ^ d) < 0 ? 0u - q : q);
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
    uint64_t q;

    (void)divide(n, d, &q);
    return q;
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
    uint64_t q;

    return divide(n, d, &q);
}
