/*
 * Activations as the runtime holds them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/rounding.h"

#include "nn/vector.h"

enum { LEAST = -128, MOST = 127, OUTPUT_ONE = 128 };

/* The nearest whole number within an int8; a cast of what is not negative rounds down. */
static inline real to_int8(real units)
{
    units = units < (real)LEAST ? (real)LEAST : units > (real)MOST ? (real)MOST : units;
    return (real)((int)(units - LEAST + (real)0.5) + LEAST);
}

DB_VECTOR void db_round_inputs(size_t count, real unit, real *values)
{
    const real inverse = 1 / unit;
    for (size_t i = 0; i < count; i++) {
        values[i] = unit * to_int8(values[i] * inverse);
    }
}

DB_VECTOR void db_stop_cut_off(size_t count, real unit, const real *rounded, real *gradient)
{
    const real most = unit * (MOST - (real)0.5), least = unit * (LEAST + (real)0.5);
    for (size_t i = 0; i < count; i++) {
        gradient[i] = rounded[i] < most && rounded[i] > least ? gradient[i] : 0;
    }
}

DB_VECTOR void db_round_outputs(size_t count, const real *values, real *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = to_int8(values[i] * OUTPUT_ONE) / OUTPUT_ONE;
    }
}

DB_VECTOR void db_round_units(size_t count, real unit, real most, real *values)
{
    for (size_t i = 0; i < count; i++) {
        real whole = values[i] / unit;
        whole = whole < -most - 1 ? -most - 1 : whole > most ? most : whole;
        values[i] = unit * (real)((int)(whole + most + (real)1.5) - (int)most - 1);
    }
}
