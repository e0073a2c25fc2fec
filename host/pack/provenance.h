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

/* How an image was packed. */
typedef struct {
    uint32_t bits;              /* of all matrices; not looked at where there are tensor_bits */
    const uint8_t *tensor_bits; /* [layout.count] of each matrix; NULL: none */
    size_t calibration_tokens;
    const char *command; /* NULL: none */
} db_packing_record;

/* {"training": what config.json says, "packing": bits, calibration tokens, version, command,
 * "spelling": the spelling model, for bits per character}. Bits are a number, or "mixed" with the number of each matrix
 * under "tensors"; the text's length does not depend on these numbers. No date of its own: packing
 * twice gives the same bytes. The caller frees the text.
 * Returns NULL with the error set when the model's training text is not a JSON object. */
char *db_provenance_make(const db_model_dir *model, const db_packing_record *record, db_error *error);

/* Reads the spelling model of an opened image; empty when it has none.
 * Returns 0, or -1 with the error set. Free with db_spelling_free(). */
int db_provenance_spelling(db_spelling *spelling, const dogberry_image *image, db_error *error);

#endif
