/*
 * A model on its way into an image: what pack.c and pack_transformer.c share. Not for others.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_PACKING_H
#define DB_PACK_PACKING_H

#include <stdbool.h>

#include "base/error.h"
#include "interop/model_dir.h"
#include "pack/calibrate.h"
#include "pack/image.h"
#include "pack/matrix.h"

typedef struct {
    const db_model_dir *model;
    db_calibration calibration;
    db_matrix_kind kind;
    const uint8_t *tensor_bits;
    bool nearest;
    uint32_t key_bits; /* 0: as fits */
    bool by_row;
    bool tuned;        /* for these bits: the weights know how they will be rounded */
    double input_step; /* one unit of the first layer's int8 input */
    db_image_parts parts;
    db_matrix matrices[DB_IMAGE_TENSORS_MAX]; /* what parts points to */
    size_t matrix_count;
    void *owned[8 * DB_IMAGE_TENSORS_MAX]; /* the same */
    size_t owned_count;
} db_packing;

/* Has `memory` freed with the packing. Returns it. */
void *db_packing_own(db_packing *pack, void *memory);

const float *db_packing_values(const db_packing *pack, const db_tensor *tensor);

/* How the tensor is to be rounded. */
db_matrix_kind db_packing_kind(const db_packing *pack, const db_tensor *tensor);

/* Returns the largest number of fraction bits in [least, most] with which `value` still fits int16. */
uint32_t db_packing_fraction_bits(double value, uint32_t least, uint32_t most);

/* Returns the place of the copy. */
db_image_tensor *db_packing_add_tensor(db_packing *pack, db_image_tensor tensor);

/* Adds values [count] as int16 with `frac` fraction bits. */
void db_packing_add_bias(db_packing *pack, uint8_t role, uint32_t layer, const double *values, uint32_t count,
                         uint32_t frac);

/* Adds rows whose sums are to be multiplied with their steps and `factor`. Takes over the matrix's memory. */
int db_packing_add_matrix(db_packing *pack, uint8_t role, uint32_t layer, const db_matrix *matrix, double factor,
                          const char *what, db_error *error);

/* Adds to bias[r] what rounding took from row r's product on average over the calibration text: the rounding errors of
 * a row times the mean of what it is multiplied with. Tuned biases know it already. */
void db_packing_correct_bias(const db_packing *pack, double *bias, const float *values, const db_matrix *matrix,
                             const double *mean);

/* Quantizes values [rows][cols] of `kind` with errors weighed by what the columns are multiplied with: importance
 * [cols] alone, or with `moments` [cols][cols], which 4 bits are rounded with feedback by. Either may be NULL. */
void db_packing_quantize(const db_packing *pack, db_matrix *matrix, db_matrix_kind kind, const float *values,
                         uint32_t rows, uint32_t cols, const double *importance, const double *moments);

/* Adds all tensors of a transformer. parts.logit_frac is known. */
int db_packing_add_transformer(db_packing *pack, db_error *error);

#endif
