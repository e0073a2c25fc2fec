/*
 * Matrix products by CBLAS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/linear.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>

#include "nn/vector.h"

typedef struct {
    CBLAS_TRANSPOSE a, b;
    size_t m, n, k;
} product;

/* c [m][n] = a * b (+ c); lda and ldb are the lengths of the rows as they lie in memory. */
static void multiply(product shape, const real *a, size_t lda, const real *b, size_t ldb, bool add, real *c)
{
    assert(shape.m <= INT_MAX && shape.n <= INT_MAX && shape.k <= INT_MAX);
    const blasint m = (blasint)shape.m, n = (blasint)shape.n, k = (blasint)shape.k;
    const real beta = add ? 1 : 0;
#ifdef DB_REAL_DOUBLE
    cblas_dgemm(CblasRowMajor, shape.a, shape.b, m, n, k, 1, a, (blasint)lda, b, (blasint)ldb, beta, c, n);
#else
    cblas_sgemm(CblasRowMajor, shape.a, shape.b, m, n, k, 1, a, (blasint)lda, b, (blasint)ldb, beta, c, n);
#endif
}

void db_linear_forward(size_t n, size_t rows, size_t cols, const real *x, const real *weight, bool add, real *y)
{
    multiply((product){CblasNoTrans, CblasTrans, n, rows, cols}, x, cols, weight, cols, add, y);
}

void db_linear_backward_input(size_t n, size_t rows, size_t cols, const real *dy, const real *weight, bool add,
                              real *dx)
{
    multiply((product){CblasNoTrans, CblasNoTrans, n, cols, rows}, dy, rows, weight, cols, add, dx);
}

void db_linear_backward_weight(size_t n, size_t rows, size_t cols, const real *dy, const real *x, bool add,
                               real *dweight)
{
    multiply((product){CblasTrans, CblasNoTrans, rows, cols, n}, dy, rows, x, cols, add, dweight);
}

DB_VECTOR void db_linear_backward_bias(size_t n, size_t rows, const real *dy, real *dbias)
{
    for (size_t i = 0; i < n; i++) {
        const real *row = dy + i * rows;
        for (size_t r = 0; r < rows; r++) {
            dbias[r] += row[r];
        }
    }
}

int db_linear_set_threads(int threads)
{
    const int before = openblas_get_num_threads();
    openblas_set_num_threads(threads);
    return before;
}
