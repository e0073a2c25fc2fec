/*
 * Products of a matrix by column and a sparse vector: columns of zeros are not fetched.
 *
 * SPDX-License-Identifier: MIT
 */
#include "image.h"
#include "layers.h"

/* In memory one call does it all. Streamed, columns come one by one, and group scales when the group is another. */
int dogberry_sum_terms(const dogberry_work *work, const dogberry_matrix *matrix, uint32_t count)
{
    uint32_t rows = dogberry_padded_rows(matrix->rows), scale_bytes = dogberry_is_int4(matrix) ? rows : 0;
    uint32_t some = count, first = 0, group = ~0u;
    int32_t *sums = work->scratch;
    uint32_t *terms = (uint32_t *)sums + dogberry_terms_end(matrix->rows, matrix->cols) - count;
    const void *columns, *scales = NULL;

    for (int32_t *sum = sums; sum < sums + rows; sum += 4) /* for few rows a call takes longer */
        sum[0] = sum[1] = sum[2] = sum[3] = 0;
    for (; count > 0; terms += some, count -= some) {
        if (dogberry_is_streamed(work->rows.source)) {
            some = 1;
            first = terms[0] >> 8;
            terms[0] &= 0xFFu;
        }
        if (first / DOGBERRY_I4_GROUP != group) {
            group = first / DOGBERRY_I4_GROUP;
            scales = dogberry_fetch(work->rows.source, matrix->group_scales + group * scale_bytes, scale_bytes,
                                    work->rows.room);
        }
        columns = dogberry_fetch(work->rows.source, matrix->weights + first * matrix->stride, matrix->stride,
                                 work->rows.room + scale_bytes);
        if (scales == NULL || columns == NULL)
            return DOGBERRY_ERR_READ;
        work->kernels->transformer->add_columns(sums, columns, scale_bytes > 0 ? scales : NULL, matrix->stride,
                                                rows / DOGBERRY_I4_BLOCK, terms, some);
    }
    return DOGBERRY_OK;
}
