/*
 * Figures of merit at the command line: from float weights or an image, as text or JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MEASURED_H
#define CLI_MEASURED_H

#include <stdint.h>

#include "interop/model_dir.h"
#include "text/measure.h"

/* Measures float weights on encoded text. */
void cli_measure_float(db_measure *measure, const db_model_dir *model, const db_tokens *tokens, uint32_t threads);

/* One line for people. */
void cli_measure_print(const db_measure *measure);

/* One JSON object; `what` names the model, `arithmetic` is "float32" or "integer". */
void cli_measure_json(const db_measure *measure, const char *what, const char *arithmetic);

#endif
