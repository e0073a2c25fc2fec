/* SPDX-License-Identifier: MIT */
#include "x86.h"

#include "kernels.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum {
    LEAF1_ECX_AVX = 1 << 28,
    LEAF1_ECX_OSXSAVE = 1 << 27,
    LEAF7_EBX_AVX2 = 1 << 5,
    LEAF7_EBX_AVX512F = 1 << 16,
    LEAF7_EBX_AVX512BW = 1 << 30,
    LEAF7_ECX_AVX512VNNI = 1 << 11,
    STATE_YMM = 0x06, /* XCR0: the operating system saves xmm and ymm */
    STATE_ZMM = 0xE6  /* and masks and all of zmm */
};

/* The low half of XCR0. Its instruction by name would need a target flag. */
static uint32_t saved_state(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Whether leaf 7 has these bits and XCR0 those. */
static int has(uint32_t ebx_bits, uint32_t ecx_bits, uint32_t state)
{
    const uint32_t wanted = (uint32_t)LEAF1_ECX_AVX | (uint32_t)LEAF1_ECX_OSXSAVE;
    uint32_t eax, ebx, ecx, edx;

    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & wanted) != wanted || (saved_state() & state) != state)
        return 0;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & ebx_bits) == ebx_bits &&
           (ecx & ecx_bits) == ecx_bits;
}

int dogberry_x86_has_avx2(void)
{
    return has(LEAF7_EBX_AVX2, 0, STATE_YMM);
}

int dogberry_x86_has_avx512_vnni(void)
{
    return has((uint32_t)LEAF7_EBX_AVX512F | (uint32_t)LEAF7_EBX_AVX512BW, LEAF7_ECX_AVX512VNNI, STATE_ZMM);
}

#endif
