/* SPDX-License-Identifier: MIT */
#include "tune_image.h"

#include <assert.h>
#include <stdlib.h>

#include "pack/pack.h"
#include "pack/score.h"

enum { CALIBRATION_TOKENS = 8192 };

int cli_tune_image_loss(const db_model_dir *model, uint32_t bits, const db_sequence *text,
                        const db_sequence *validation, uint32_t threads, double *loss, db_error *error)
{
    const size_t beginning = text->count < CALIBRATION_TOKENS ? text->count : CALIBRATION_TOKENS;
    db_pack_options options;
    dogberry_image image;
    void *bytes;
    size_t length;
    db_pack_defaults(&options);
    options.bits = bits;
    if (db_pack(model, text->ids, model->calibration.count ? 0 : beginning, &options, &bytes, &length, error))
        return -1;
    const int status = dogberry_open(&image, bytes, length);
    assert(status == DOGBERRY_OK); /* db_pack() has run it */
    (void)status;
    const int failed = db_score_image(&image, validation->ids, validation->count, threads, loss, NULL, error);
    *loss /= (double)validation->count;
    free(bytes);
    return failed;
}
