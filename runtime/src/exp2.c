/*
 * Powers of two by a table.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tables.h"

uint32_t dogberry_exp2(uint32_t halvings)
{
    const uint32_t *at = dogberry_exp2_table + (halvings << 6 >> 26);
    uint32_t value = at[0] - (((at[0] - at[1]) * (halvings << 12 >> 20) + 2048u) >> 12);

    return ((value << 1 >> (halvings >> 26)) + 1u) >> 1;
}
