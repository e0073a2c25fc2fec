/*
 * Whether the target is an ESP32-S3; for C and for assembly. The compiler's macros say no more than that it is an
 * Xtensa, so the build system's configuration does: ESP-IDF's and Espressif's Arduino core have sdkconfig.h,
 * Zephyr includes its own everywhere. DOGBERRY_XTENSA_S3 may also be defined by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_XTENSA_S3_TARGET_H
#define DOGBERRY_XTENSA_S3_TARGET_H

#if defined(__XTENSA__) && defined(ESP_PLATFORM)
#include "sdkconfig.h"
#endif

#if !defined(DOGBERRY_XTENSA_S3) && defined(__XTENSA__) && defined(__XTENSA_WINDOWED_ABI__) && \
    (defined(CONFIG_IDF_TARGET_ESP32S3) || defined(CONFIG_SOC_SERIES_ESP32S3))
#define DOGBERRY_XTENSA_S3 1
#endif

#endif
