/*
 * The same transformer with other weights: what one matrix gives a component more of, the next takes off its column, so
 * that the components between them are about equally large and one unit suits them all. Without it a matrix's columns
 * have units of their own when it is packed, and what its weights are rounded to depends on more than the weights.
 *
 * That such factors may be moved through a network that is then quantized: Meller, Finkelstein, Almog and Grobman,
 * "Same, Same But Different", 2019; Nagel, van Baalen, Blankevoort and Welling, "Data-Free Quantization Through Weight
 * Equalization and Bias Correction", 2019.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_EQUALIZE_H
#define DB_PACK_EQUALIZE_H

#include "nn/config.h"
#include "pack/calibrate.h"

/* Changes a transformer's parameters [layout.parameters] in place: rows of the values and columns of what reads them;
 * rows of the feed-forward part's inner matrix (of SwiGLU's the half without the gate) and columns of the outer one.
 * What the model computes stays, but for rounding. `calibration` is of these parameters. */
void db_transformer_equalize(const db_model_config *config, float *parameters, const db_calibration *calibration);

#endif
