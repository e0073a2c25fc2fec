/*
 * What 1 in an integer vector of a transformer stands for, layer by layer (docs/NUMERICS.md, "Transformer";
 * docs/PACKING.md, "Transformers").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_UNITS_H
#define DB_PACK_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/config.h"
#include "pack/calibrate_transformer.h"

/* One layer's. F: rows of queries, keys and values; K: of keys; D, H: the model's width and that of the feed-forward
 * part; I: rows of the inner matrix. */
typedef struct {
    double norm1, norm2;
    double *product;  /* [F] what the first matrix gives: queries, keys, values */
    double *keys;     /* [K] in the cache */
    double *values;   /* [K] */
    double *attended; /* [D] */
    double *inner;    /* [I] */
    double *active;   /* [H] */
    double *heads;    /* [heads] scales from mixed values to attended ones */
    double *silu;     /* [H] whole numbers: SiLU's scales; not used by the others */
    uint32_t score_frac;
} db_block_units;

/* From a text's activations. `even`: the columns of a matrix share one unit, as weights expect that were tuned
 * (pack/equalize.h); otherwise each has its own. Free with db_block_units_free(). */
void db_block_units_find(db_block_units *out, const db_model_config *config, const struct db_block_calibration *seen,
                         uint32_t key_bits, bool even);

void db_block_units_free(db_block_units *units);

/* Returns the unit of an int8 vector whose components have this range together. */
double db_unit_of(const db_range *range);

#endif
