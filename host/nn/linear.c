/*
 * Matrix products.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/linear.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/bf16.h"
#include "nn/bf16_softmax.h"
#include "nn/vector.h"

/* ---- Full precision ---- */

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

/* ---- Half precision ---- */

#ifdef DB_REAL_DOUBLE

/* Gradients are checked without it. Each says whether it did the work. */
bool db_linear_has_half(void)
{
    return false;
}

static void half_load(const db_linear *linear)
{
    (void)linear;
}

static bool half_product(const db_linear *linear, size_t n, const real *x, db_bf16_start start, const real *bias,
                         real *y)
{
    (void)linear, (void)n, (void)x, (void)start, (void)bias, (void)y;
    return false;
}

static bool half_backward_input(const db_linear *linear, size_t n, const real *dy, real *dx)
{
    (void)linear, (void)n, (void)dy, (void)dx;
    return false;
}

static bool half_backward_weight(const db_linear *linear, size_t n, const real *dy, const real *x, real *dweight)
{
    (void)linear, (void)n, (void)dy, (void)x, (void)dweight;
    return false;
}

bool db_linear_softmax(const db_linear *linear, size_t n, const real *x, const real *bias, const uint16_t *targets,
                       real scale, void *scratch, real *dx, real *dweight, real *dbias, double *nats)
{
    (void)linear, (void)n, (void)x, (void)bias, (void)targets, (void)scale;
    (void)scratch, (void)dx, (void)dweight, (void)dbias, (void)nats;
    return false;
}

#else

bool db_linear_has_half(void)
{
    return db_bf16_available();
}

static void half_load(const db_linear *linear)
{
    db_bf16_pack_panels_transposed(linear->rows, linear->cols, linear->weight, linear->forward);
    db_bf16_pack_panels(linear->rows, linear->cols, linear->weight, linear->backward);
}

static bool half_product(const db_linear *linear, size_t n, const real *x, db_bf16_start start, const real *bias,
                         real *y)
{
    if (!linear->half) {
        return false;
    }
    db_bf16_pack_rows(n, linear->cols, x, linear->scratch->left);
    db_bf16_rows_panels(n, linear->rows, linear->cols, linear->scratch->left, linear->forward, start, bias, y);
    return true;
}

static bool half_backward_input(const db_linear *linear, size_t n, const real *dy, real *dx)
{
    if (!linear->half) {
        return false;
    }
    db_bf16_pack_rows(n, linear->rows, dy, linear->scratch->left);
    db_bf16_rows_panels(n, linear->cols, linear->rows, linear->scratch->left, linear->backward, DB_BF16_ZERO, NULL, dx);
    return true;
}

static bool half_backward_weight(const db_linear *linear, size_t n, const real *dy, const real *x, real *dweight)
{
    if (!linear->half) {
        return false;
    }
    db_bf16_pack_panels(n, linear->rows, dy, linear->scratch->left);
    db_bf16_pack_panels(n, linear->cols, x, linear->scratch->right);
    db_bf16_panels_panels(linear->rows, linear->cols, n, linear->scratch->left, linear->scratch->right, DB_BF16_ADD,
                          dweight);
    return true;
}

bool db_linear_softmax(const db_linear *linear, size_t n, const real *x, const real *bias, const uint16_t *targets,
                       real scale, void *scratch, real *dx, real *dweight, real *dbias, double *nats)
{
    assert(n <= DB_LINEAR_SOFTMAX);
    if (!linear->half) {
        return false;
    }
    const db_bf16_output output = {.vocab = linear->rows,
                                   .hidden = linear->cols,
                                   .weight = linear->weight,
                                   .bias = bias,
                                   .forward = linear->forward,
                                   .backward = linear->backward};
    return db_bf16_softmax_gradient(&output, n, x, targets, scale, scratch, dx, dweight, dbias, nats);
}

#endif

/* ---- Either ---- */

size_t db_linear_softmax_scratch(size_t rows, size_t cols)
{
    return db_bf16_softmax_scratch(DB_LINEAR_SOFTMAX, rows, cols) * sizeof(uint32_t);
}

static uint32_t *words(size_t count)
{
    return db_allocate(count * sizeof(uint32_t));
}

/* The array becomes at least `count` long; what it holds is lost. */
static void enlarge(size_t count, size_t *length, uint32_t **array)
{
    if (count > *length) {
        free(*array);
        *array = words(count);
        *length = count;
    }
}

void db_linear_make(db_linear *linear, size_t rows, size_t cols, size_t positions, db_linear_scratch *scratch)
{
    *linear = (db_linear){.rows = rows, .cols = cols, .scratch = scratch};
    if (scratch != NULL) {
        const size_t widest = rows > cols ? rows : cols;
        linear->forward = words(db_bf16_panels_words(cols, rows));
        linear->backward = words(db_bf16_panels_words(rows, cols));
        enlarge(db_bf16_panels_words(positions, widest) + db_bf16_rows_words(positions, widest), &scratch->left_words,
                &scratch->left);
        enlarge(db_bf16_panels_words(positions, cols), &scratch->right_words, &scratch->right);
    }
}

void db_linear_free(db_linear *linear)
{
    free(linear->forward);
    free(linear->backward);
    memset(linear, 0, sizeof *linear);
}

void db_linear_scratch_free(db_linear_scratch *scratch)
{
    free(scratch->left);
    free(scratch->right);
    memset(scratch, 0, sizeof *scratch);
}

void db_linear_load(db_linear *linear, const real *weight, bool full)
{
    linear->weight = weight;
    linear->half = linear->forward != NULL && !full;
    if (linear->half) {
        half_load(linear);
    }
}

static void fill_rows(size_t n, size_t width, const real *row, real *rows)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(rows + i * width, row, width * sizeof *rows);
    }
}

/* y [n][rows] += x [n][cols] * weight^T, for a few rows of x: a product that packs its operands first would spend most
 * of its time on that. Sums are kept in LANES parts, for the same order of additions on every instruction set. */
enum { FEW = 4, LANES = 32 };

DB_VECTOR static real dot(size_t count, const real *a, const real *b)
{
    real lanes[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] += a[i + l] * b[i + l];
        }
    }
    for (; i < count; i++) {
        sum += a[i] * b[i];
    }
    for (size_t l = 0; l < LANES; l++) {
        sum += lanes[l];
    }
    return sum;
}

static void add_few(const db_linear *linear, size_t n, const real *x, real *y)
{
    const size_t rows = linear->rows, cols = linear->cols;
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < n; i++) {
            y[i * rows + r] += dot(cols, x + i * cols, linear->weight + r * cols);
        }
    }
}

/* y = x * weight^T (+ y), in full precision. */
static void full_product(const db_linear *linear, size_t n, const real *x, bool add, real *y)
{
    if (n > FEW) {
        multiply((product){CblasNoTrans, CblasTrans, n, linear->rows, linear->cols}, x, linear->cols, linear->weight,
                 linear->cols, add, y);
        return;
    }
    if (!add) {
        memset(y, 0, n * linear->rows * sizeof *y);
    }
    add_few(linear, n, x, y);
}

void db_linear_forward(const db_linear *linear, size_t n, const real *x, const real *bias, real *y)
{
    if (!half_product(linear, n, x, DB_BF16_BIAS, bias, y)) {
        fill_rows(n, linear->rows, bias, y);
        full_product(linear, n, x, true, y);
    }
}

void db_linear_product(const db_linear *linear, size_t n, const real *x, bool add, real *y)
{
    if (!half_product(linear, n, x, add ? DB_BF16_ADD : DB_BF16_ZERO, NULL, y)) {
        full_product(linear, n, x, add, y);
    }
}

void db_linear_backward_input(const db_linear *linear, size_t n, const real *dy, real *dx)
{
    if (!half_backward_input(linear, n, dy, dx)) {
        multiply((product){CblasNoTrans, CblasNoTrans, n, linear->cols, linear->rows}, dy, linear->rows, linear->weight,
                 linear->cols, false, dx);
    }
}

void db_linear_backward_weight(const db_linear *linear, size_t n, const real *dy, const real *x, real *dweight)
{
    if (!half_backward_weight(linear, n, dy, x, dweight)) {
        multiply((product){CblasTrans, CblasNoTrans, linear->rows, linear->cols, n}, dy, linear->rows, x, linear->cols,
                 true, dweight);
    }
}
