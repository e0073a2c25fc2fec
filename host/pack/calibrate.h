/*
 * What the float model's activations are like on real text: ranges that fix the image's
 * fraction bits, and moments that weigh the weights' rounding errors.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_CALIBRATE_H
#define DB_PACK_CALIBRATE_H

#include <stddef.h>
#include <stdint.h>

#include "nn/config.h"
#include "pack/moments.h"
#include "pack/ranges.h"

struct db_block_calibration;

typedef struct {
    size_t tokens;
    double *counts;                         /* [V] how often each token was fed */
    db_moments input;                       /* embedded tokens */
    db_moments hidden[DOGBERRY_LAYERS_MAX]; /* each layer's outputs */
    double cell_max[DOGBERRY_LAYERS_MAX];   /* largest |cell|, LSTM */
    double logit_max;                       /* largest |logit| */

    /* Of a transformer, which has nothing in input, hidden and cell_max. */
    uint32_t block_count;
    struct db_block_calibration *blocks; /* [block_count], pack/calibrate_transformer.h */
    db_moments last;                     /* what the output matrix is multiplied with */
    db_range last_range;                 /* of all its components together */
    double stream_max;                   /* largest size of a component between the layers */
} db_calibration;

/* Runs the model over ids [count] (> 0), each document from zero state and the start token;
 * end_token closes a document (DOGBERRY_NO_TOKEN: one document). Free with db_calibration_free(). */
void db_calibrate(db_calibration *out, const db_model_config *config, const float *parameters, uint16_t start_token,
                  uint16_t end_token, const uint16_t *ids, size_t count);

void db_calibration_free(db_calibration *calibration);

#endif
