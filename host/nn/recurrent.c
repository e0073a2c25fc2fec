/*
 * What LSTM and GRU share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/recurrent.h"

#include <string.h>

void db_recurrent_reset(uint32_t streams, uint32_t hidden, const uint8_t *resets, real *state)
{
    for (uint32_t b = 0; b < streams; b++) {
        if (resets[b]) {
            memset(state + (size_t)b * hidden, 0, hidden * sizeof *state);
        }
    }
}
