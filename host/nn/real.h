/*
 * The number type of the trainer: float, or double where the same sources are built
 * once more for checking gradients (DB_REAL_DOUBLE, see CMakeLists.txt).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_REAL_H
#define DB_NN_REAL_H

#ifdef DB_REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
