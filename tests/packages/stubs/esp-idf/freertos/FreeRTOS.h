/* FreeRTOS: the types and macros that the example uses. SPDX-License-Identifier: MIT */
#include <stdint.h>

typedef uint32_t TickType_t;
#define pdMS_TO_TICKS(ms) ((TickType_t)(ms))
