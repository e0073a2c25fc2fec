/* FreeRTOS: vTaskDelay(). A longer wait is one for input, which on a PC has come to its end. SPDX-License-Identifier:
 * MIT */
#include <stdlib.h>

static inline void vTaskDelay(TickType_t ticks)
{
    if (ticks > 1)
        exit(0);
}
