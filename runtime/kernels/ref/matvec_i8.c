/*
 * int8 matrix times int8 vector, int32 sums: the definition.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

/* Integer sums do not depend on their order, so a compiler may unroll and vectorize this
 * as it likes. Sixteen columns at a time keep a core without vectors from counting. */
void dogberry_matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    for (uint32_t row = 0; row < rows; row++) {
        const int8_t *w = weights + (size_t)row * stride;
        int32_t sum = 0;

        for (uint32_t column = 0; column < stride; column += 16u) {
            for (uint32_t k = 0; k < 16u; k++)
                sum += w[column + k] * x[column + k];
        }
        out[row] = sum;
    }
}
