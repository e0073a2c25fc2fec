/*
 * CPU features.
 *
 * SPDX-License-Identifier: MIT
 */
#include "nn/cpu.h"

#include <stddef.h>

const char *db_cpu_blas_core(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    /* Zen 4 splits 512-bit operations in two, so they gain nothing and cost packing. */
    const int halves_512 = __builtin_cpu_is("amdfam19h");
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && !halves_512) {
        return "SkylakeX";
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return "Haswell";
    }
#endif
    return NULL;
}
