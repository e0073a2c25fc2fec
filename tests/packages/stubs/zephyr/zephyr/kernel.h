/* Zephyr, "Kernel Timing": the signature, and 1 for the time. SPDX-License-Identifier: MIT */
#include <stdint.h>

#define ARG_UNUSED(x) (void)(x)

static inline uint32_t k_cycle_get_32(void)
{
    return 1;
}
