/*
 * What tuning is judged by: the loss of the image that a model makes, by the integer runtime.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TUNE_IMAGE_H
#define CLI_TUNE_IMAGE_H

#include "interop/model_dir.h"
#include "train/batches.h"

/* Packs the model in `bits` 8 or 4, as `dogberry pack` would, and lets the runtime read `validation` by `threads`
 * threads. A model without calibration text of its own is calibrated on the beginning of `text`.
 * Returns 0 with *loss in nats a token, or -1 with the error set. */
int cli_tune_image_loss(const db_model_dir *model, uint32_t bits, const db_sequence *text,
                        const db_sequence *validation, uint32_t threads, double *loss, db_error *error);

#endif
