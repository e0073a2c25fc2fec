/*
 * Which sets of kernels this build has, and which of them is the fastest here.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"

#include "../kernels/x86/x86.h"

static int is_named(const dogberry_kernels *kernels, const char *name)
{
    const char *own = kernels->name;

    while (*own != '\0' && *own == *name) {
        own++;
        name++;
    }
    return *own == *name;
}

/* The set number `index` of those that run here, the fastest first; NULL after the last, which is ref. */
static const dogberry_kernels *set_at(uint32_t index)
{
    uint32_t count = 0;

#if defined(DOGBERRY_NO_FAST_KERNELS) /* kinds.h */
#elif defined(__x86_64__)
    if (dogberry_x86_has_avx512_vnni() && index == count++)
        return &dogberry_kernels_avx512_vnni;
    if (dogberry_x86_has_avx2() && index == count++)
        return &dogberry_kernels_avx2;
#elif defined(__ARM_ARCH_6M__)
    if (index == count++)
        return &dogberry_kernels_armv6m;
#elif defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
    if (index == count++)
        return &dogberry_kernels_arm_dsp;
#elif defined(DOGBERRY_SCALAR32)
#if defined(DOGBERRY_XTENSA_S3)
    if (index == count++)
        return &dogberry_kernels_xtensa_s3;
#endif
    if (index == count++)
        return &dogberry_kernels_scalar32;
#elif defined(__wasm_simd128__)
    if (index == count++)
        return &dogberry_kernels_wasm_simd128;
#endif
    return index == count ? &dogberry_kernels_ref : NULL;
}

const dogberry_kernels *dogberry_kernels_best(void)
{
    return set_at(0);
}

const dogberry_kernels *dogberry_kernels_named(const char *name)
{
    const dogberry_kernels *set;

    for (uint32_t i = 0; name != NULL && (set = set_at(i)) != NULL; i++) {
        if (is_named(set, name))
            return set;
    }
    return NULL;
}
