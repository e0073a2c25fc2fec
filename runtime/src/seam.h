/*
 * Everything the runtime asks of its surroundings: three memory functions, which a
 * freestanding compiler provides or calls by name, and the behaviour of >> that the
 * arithmetic is defined with. A port without a C library supplies memcpy, memset and
 * memcmp; nothing else is ever called.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_SEAM_H
#define DOGBERRY_SEAM_H

#include <stddef.h>
#include <stdint.h>

#define dogberry_copy(to, from, bytes) __builtin_memcpy((to), (from), (bytes))
#define dogberry_fill(to, value, bytes) __builtin_memset((to), (value), (bytes))
#define dogberry_compare(a, b, bytes) __builtin_memcmp((a), (b), (bytes))

/* Before a loop: `times` rounds in one, unless code is to be small. */
#ifdef __OPTIMIZE_SIZE__
#define DOGBERRY_UNROLL(times)
#else
#define DOGBERRY_PRAGMA(text) _Pragma(#text)
#define DOGBERRY_UNROLL(times) DOGBERRY_PRAGMA(GCC unroll times)
#endif

/* Not inlined, unless code is to be small. */
#ifdef __OPTIMIZE_SIZE__
#define DOGBERRY_APART
#else
#define DOGBERRY_APART __attribute__((noinline))
#endif

/* A condition that a loop is to be laid out for being false. */
#define DOGBERRY_SELDOM(condition) __builtin_expect((condition), 0)

/* Fails to compile where the condition is false. */
#define DOGBERRY_STATIC_ASSERT(condition, name) typedef char dogberry_assert_##name[(condition) ? 1 : -1]

DOGBERRY_STATIC_ASSERT((-3 >> 1) == -2, shifts_are_arithmetic);
DOGBERRY_STATIC_ASSERT(sizeof(int) >= 4, int_has_32_bits);

#endif
