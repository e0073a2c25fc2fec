/*
 * The JSON text inside an image that says where it comes from.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_PROVENANCE_H
#define DB_PACK_PROVENANCE_H

#include "base/error.h"
#include "dogberry.h"
#include "interop/model_dir.h"

/* {"training": what config.json says, "packing": bits, calibration tokens, version, command,
 * "spelling": the spelling model, for bits per character}. No date of its own: packing
 * twice gives the same bytes. `command` may be NULL. The caller frees the text.
 * Returns NULL with the error set when the model's training text is not a JSON object. */
char *db_provenance_make(const db_model_dir *model, uint32_t bits, size_t calibration_tokens, const char *command,
                         db_error *error);

/* Reads the spelling model of an opened image; empty when it has none.
 * Returns 0, or -1 with the error set. Free with db_spelling_free(). */
int db_provenance_spelling(db_spelling *spelling, const dogberry_image *image, db_error *error);

#endif
