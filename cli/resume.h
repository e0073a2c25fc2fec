/*
 * Going on with a run that was interrupted: what a folder holds of one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include <stdbool.h>

#include "base/error.h"

/* --resume needs something to go on with; without it nothing must be lost unsaid. Notes go to stdout unless `quiet`;
 * `instead` says what else one may want with a finished model.
 * Returns 0, or -1 with the error set: the folder holds a finished model and no interrupted run. */
int cli_resume_check(const char *folder, bool resume, bool quiet, const char *instead, db_error *error);

/* A run that could not be written down, for the reason `why`: says what is left of it in the folder. Returns -1. */
int cli_resume_fail_saving(const char *folder, const db_error *why, db_error *error);

#endif
