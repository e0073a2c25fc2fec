/*
 * What a float transformer's activations are like on real text (pack/calibrate.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_CALIBRATE_TRANSFORMER_H
#define DB_PACK_CALIBRATE_TRANSFORMER_H

#include "pack/calibrate.h"
#include "pack/ranges.h"

/* Of one layer. Components of queries and keys that positions turn together count as one, by its length: pair p of a
 * head is at its place p; an odd head's last component stands behind the pairs. */
struct db_block_calibration {
    db_moments norm1, attended, norm2, active; /* what its four matrices are multiplied with */
    db_range norm1_range, norm2_range;         /* of all components together */
    db_range *queries;                         /* [heads][pairs, and one for an odd component] */
    db_range *keys;                            /* [kv_heads][the same] */
    db_range *values;                          /* [kv_heads d] */
    db_range *attended_range;                  /* [D] */
    db_range *active_range;                    /* [H] */
};

/* db_calibrate() for a transformer. Text is read in pieces of the context's length that stand alone. */
void db_calibrate_transformer(db_calibration *out, const db_model_config *config, const float *parameters,
                              uint16_t start_token, uint16_t end_token, const uint16_t *ids, size_t count);

void db_calibration_free_blocks(db_calibration *calibration);

#endif
