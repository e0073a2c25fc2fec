/*
 * The inner loops, which an instruction set may have its own version of. kernels/ref
 * defines what each computes; any other must give the same bits.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_KERNELS_H
#define DOGBERRY_KERNELS_H

#include "seam.h"

/* out[r] = sum over c < stride of weights[r * stride + c] * x[c], for r < rows.
 * `stride` is a multiple of 16; x has that many values, zero where the matrix has padding. */
void dogberry_matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x);

/* out[8 b + k] = sum over groups g of group_scales[(b * groups + g) * 8 + k] * dot(g), for b < blocks and k < 8,
 * where dot(g) = sum over the group's columns c of (nibble k of weights[b * columns + c] - 8) * x[c].
 * `columns` is a multiple of 16; groups = columns / DOGBERRY_I4_GROUP, rounded up, the last one
 * shorter. x as above. dogberry_open() makes sure that no sum leaves 2^30. */
void dogberry_matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                        uint32_t blocks, const int8_t *x);

#endif
