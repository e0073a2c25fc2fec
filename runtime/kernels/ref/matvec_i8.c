/*
 * int8 matrix times int8 vector, int32 sums: the definition.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

/* Integer sums do not depend on their order, so a compiler may vectorize this as it likes;
 * where there are no vectors, unrolling saves most of the counting. */
void dogberry_matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    uint32_t columns = stride & ~15u; /* is the stride; tells the compiler that no columns are left over */

    for (uint32_t row = 0; row < rows; row++) {
        const int8_t *w = weights + (size_t)row * stride;
        int32_t sum = 0;

#pragma GCC unroll 16
        for (uint32_t c = 0; c < columns; c++)
            sum += w[c] * x[c];
        out[row] = sum;
    }
}
