/*
 * Plans for people and for programs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PLAN_VIEW_H
#define CLI_PLAN_VIEW_H

#include <jansson.h>

#include "boards/plan.h"

/* All figures of a plan in a new object. */
json_t *cli_plan_json(const db_plan *plan);

/* Those of speed: what a token reads and computes, and how long that takes. */
json_t *cli_speed_json(const db_plan *plan);

/* One plan in full. */
void cli_plan_print(const db_plan *plan);

/* Where the time of a token goes: what is read from which memory, what is computed, and what follows. */
void cli_plan_explain(const db_plan *plan, const dogberry_image *image);

/* A table of plans: its head, a line for each, and what to know below it. */
void cli_plan_heading(void);
void cli_plan_row(const db_plan *plan);
void cli_plan_footing(void);

#endif
