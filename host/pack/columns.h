/*
 * Matrices by column: those of which a sparse vector needs few columns.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_COLUMNS_H
#define DB_PACK_COLUMNS_H

#include "pack/packing.h"

/* Lays the matrix that was added last, int8 or int4 rows, out by column (docs/FORMAT.md, "Columns"). The new data
 * belong to the packing. */
void db_packing_turn_matrix(db_packing *pack);

#endif
