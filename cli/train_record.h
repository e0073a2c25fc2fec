/*
 * Which texts a model was trained on, as config.json keeps it: enough to read the very same texts again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAIN_RECORD_H
#define CLI_TRAIN_RECORD_H

#include <jansson.h>

#include "train_texts.h"

/* The set with its paths as given, and the hashes of what was read. The caller owns the object. */
json_t *cli_record_texts(const cli_text_set *set, const cli_texts *texts);

/* Reads one set's texts; they are freed afterwards. */
typedef void cli_record_take(void *user, cli_texts *texts);

/* Reads the texts again that `training` (the object of config.json, as text) names, set after set, and hands each to
 * `take`. `folder` names the model in messages. `*sets` receives the array of sets; the caller owns it.
 * Returns 0, or -1 with the error set: nothing is recorded, or the texts are gone or have changed. */
int cli_record_read(const char *training, const char *folder, cli_record_take *take, void *user, json_t **sets,
                    db_error *error);

#endif
