/*
 * dogberry eval --slide: what a transformer loses behind its context.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_SLIDE_H
#define CLI_SLIDE_H

#include <stdbool.h>

#include "base/error.h"
#include "interop/model_dir.h"

/* Measure encoded text and print: a transformer's float weights, also with the half of the context that stays read
 * anew; an image by the integer runtime. Return 0, or -1 with the error set: not a transformer, no text longer than its
 * context. */
int cli_slide_float(const db_model_dir *model, const db_tokens *tokens, uint32_t threads, bool json, db_error *error);
int cli_slide_image(const dogberry_image *image, const db_tokens *tokens, uint32_t threads, bool json, db_error *error);

#endif
