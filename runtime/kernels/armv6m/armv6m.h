/*
 * The assembly routines of this folder; what they compute is said at dogberry_kernels in dogberry.h. Both
 * follow the procedure call standard (AAPCS), call nothing, and take so much stack at most:
 *     dogberry_matvec_i8_armv6m 496 bytes, dogberry_matvec_i4_armv6m 344 bytes.
 * They go into sections .text.NAME, or wherever DOGBERRY_KERNEL_SECTION says (firmware whose code lies in slow
 * flash puts them into RAM).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_ARMV6M_H
#define DOGBERRY_ARMV6M_H

#include <stdint.h>

void dogberry_matvec_i8_armv6m(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x);
void dogberry_matvec_i4_armv6m(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                               uint32_t blocks, const int8_t *x);

#endif
