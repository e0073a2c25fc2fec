/* SPDX-License-Identifier: MIT */
#include "interop/foreign.h"

#include <math.h>

int db_floats_check(const db_floats *floats, const char *where, db_error *error)
{
    for (size_t i = 0; i < floats->count; i++)
        if (!isfinite(db_floats_at(floats, i)))
            return db_fail(error, "%s: weight %zu of %zu is not a finite number; the file is damaged", where, i,
                           floats->count);
    return 0;
}

int db_folded_check(const float *parameters, size_t count, const char *where, db_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(parameters[i]))
            return db_fail(error, "%s: a weight times the gain of its norm is too large; the file is damaged", where);
    return 0;
}
