/*
 * Partition tables of ESP-IDF, as text: "Name, Type, SubType, Offset, Size, Flags" a line
 * (ESP-IDF programming guide, "Partition Tables").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_PARTITIONS_H
#define DB_BOARDS_PARTITIONS_H

#include <stdint.h>

#include "base/error.h"

typedef struct {
    uint32_t offset, bytes; /* from the start of flash; both written in the table */
} db_partition;

/* Finds the partition `name` in the table `path`. Its offset and size must be written there; a size may end with K or
 * M. Returns 0, or -1 with the error set. */
int db_partition_find(db_partition *partition, const char *path, const char *name, db_error *error);

#endif
