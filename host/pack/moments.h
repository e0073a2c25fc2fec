/*
 * First and second moments of vectors that are multiplied with weights.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_MOMENTS_H
#define DB_PACK_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

/* One vector over all tokens seen. */
typedef struct {
    uint32_t width;
    double *mean;     /* [width] */
    double *square;   /* [width] mean of squares */
    double *products; /* [width][width] mean of products of two components: symmetric, its diagonal is `square` */
} db_moments;

/* All zero. Free with db_moments_free(). */
void db_moments_start(db_moments *moments, uint32_t width);

/* Adds values [steps][width] up; db_moments_end() divides by the number of all steps. */
void db_moments_add(db_moments *moments, const float *values, uint32_t steps);
void db_moments_end(db_moments *moments, size_t steps);

void db_moments_free(db_moments *moments);

#endif
