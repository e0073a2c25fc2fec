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

#endif
