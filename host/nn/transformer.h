/*
 * The layers of a decoder-only transformer between embedding and output (docs/ARCHITECTURE.md, "Transformer"): with
 * the stream x of width D, in each layer
 *     x += o_proj(attention(norm(x)))
 *     x += down_proj(f(up_proj(norm(x))))
 * and norm(x) once more at the end.
 *
 * A window's arrays are [T][B][...] as everywhere (nn/model.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_TRANSFORMER_H
#define DB_NN_TRANSFORMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "nn/config.h"
#include "nn/dropout.h"
#include "nn/real.h"
#include "nn/rounding.h"

typedef struct db_transformer db_transformer;

/* For `streams` streams and windows of at most `window` steps. The caller frees it with db_transformer_free(). Never
 * returns NULL. */
db_transformer *db_transformer_new(const db_model_config *config, uint32_t streams, uint32_t window, bool half);
void db_transformer_free(db_transformer *transformer);

/* From here on activations are rounded (nn/rounding.h), with gradients as if they were not. `rounding` is the caller's
 * and outlives the transformer; NULL: nothing is. */
void db_transformer_round(db_transformer *transformer, const db_activation_rounding *rounding);

/* Takes the weights as they are now, as db_linear_load() does. */
void db_transformer_load(db_transformer *transformer, const real *parameters, bool full);

/* Draws what is dropped in the next windows: hidden, of what attention and feed-forward part add (the same over a
 * window); attention, of the values that are looked at. NULL: nothing. */
void db_transformer_noise(db_transformer *transformer, const db_dropout *dropout, db_random *random);

/* Forgets the keys and values of earlier windows. */
void db_transformer_forget(db_transformer *transformer);

/* Runs x [steps][streams][D], which is overwritten. resets [steps][streams]: 1 where nothing before is seen. With
 * `carry` keys and values of earlier windows are seen, and this one's are kept for the next: as many as the context
 * holds, and when it is full the older half is dropped. Without it a window stands alone.
 * Returns the outputs [steps][streams][D], valid until the next call. */
const real *db_transformer_forward(db_transformer *transformer, uint32_t steps, const uint8_t *resets, real *x,
                                   bool carry);

/* From dout [steps][streams][D], the gradient by the outputs of the forward pass before (without `carry`), to dx
 * [steps][streams][D], by its x; the weights' are added to gradient [layout.parameters]. */
void db_transformer_backward(db_transformer *transformer, const real *dout, real *gradient, real *dx);

#endif
