/*
 * How large values are, as a histogram of their sizes: where to clip what becomes int8.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_RANGES_H
#define DB_PACK_RANGES_H

#include <stddef.h>
#include <stdint.h>

/* Eight bins an octave, from 2^-16 to 2^16; smaller and larger values are in the first and last. */
enum { DB_RANGE_BINS = 256 };

typedef struct {
    uint32_t counts[DB_RANGE_BINS];
    double most; /* largest size seen */
} db_range;

/* Counts a value. */
void db_range_add(db_range *range, float value);

/* Counts all of `other`'s values too. */
void db_range_join(db_range *range, const db_range *other);

/* The size to clip at with the least expected squared error when `levels` steps reach from 0 to it: what is below is
 * off by a twelfth of a squared step, or by itself where it becomes 0; what is beyond by what is cut off. Returns it; 0
 * where all values were 0 or there were none. */
double db_range_clip(const db_range *range, double levels);

#endif
