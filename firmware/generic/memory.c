/*
 * The three functions that the runtime asks of a bare machine. Compiled so that the compiler does not
 * recognize them in their own loops (-fno-builtin, and gcc's -fno-tree-loop-distribute-patterns).
 *
 * SPDX-License-Identifier: MIT
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    while (bytes-- > 0)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    unsigned char *t = to;

    while (bytes-- > 0)
        *t++ = (unsigned char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *p = a, *q = b;

    for (; bytes > 0; bytes--, p++, q++) {
        if (*p != *q)
            return *p - *q;
    }
    return 0;
}
