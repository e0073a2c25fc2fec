/*
 * What this processor and its operating system can do. Compiles to nothing elsewhere than on x86-64.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_X86_H
#define DOGBERRY_X86_H

#if defined(__x86_64__)

/* Whether the instructions are there and their registers are kept by the operating system (Intel SDM volume 1,
 * 14.3 and 15.2). Never fail. Return 1 or 0. */
int dogberry_x86_has_avx2(void);
int dogberry_x86_has_avx512_vnni(void);

#endif
#endif
