/*
 * Images as C sources: one array of words, a small header of sizes, an example, a summary.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_EXPORT_C_IMAGE_H
#define DB_EXPORT_C_IMAGE_H

#include "boards/plan.h"
#include "dogberry.h"
#include "export/package.h"

/* Adds FOLDER/PREFIX_model.h and .c to the package: `const uint32_t PREFIX_model[]`, aligned to 16 bytes and in PROGMEM
 * where the target has that, and PREFIX_MODEL_BYTES, _SESSION_BYTES and other sizes. `folder` is "" or ends in "/";
 * `prefix` is an identifier. `image` has been opened. */
void db_c_image_add(db_package *package, const char *folder, const char *prefix, const dogberry_image *image);

/* Adds export_summary.txt: what the model is, its sizes, its share of the board's flash, and the modelled speed with
 * what that comes from. */
void db_summary_add(db_package *package, const dogberry_image *image, const db_plan *plan);

#endif
