/*
 * Whether the target is an ESP32-S3 under ESP-IDF (as Espressif's Arduino core is); for C and for assembly. The
 * compiler says no more than that it is an Xtensa; ESP-IDF's configuration names the chip. Elsewhere, as under Zephyr,
 * DOGBERRY_XTENSA_S3 may be defined where the system switches coprocessor 3 on and keeps its registers for each task.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_XTENSA_S3_TARGET_H
#define DOGBERRY_XTENSA_S3_TARGET_H

#if defined(__XTENSA__) && defined(ESP_PLATFORM)
#include "sdkconfig.h"
#endif

#if !defined(DOGBERRY_XTENSA_S3) && defined(__XTENSA__) && defined(__XTENSA_WINDOWED_ABI__) && \
    defined(CONFIG_IDF_TARGET_ESP32S3)
#define DOGBERRY_XTENSA_S3 1
#endif

#endif
