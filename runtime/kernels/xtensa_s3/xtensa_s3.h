/*
 * The assembly routines of this folder; what they compute is said at dogberry_kernels in dogberry.h. Weights and x must
 * be aligned to 16 bytes: the chip's 128-bit loads drop the low four bits of an address without a word.
 *
 * Both follow the windowed calling convention, call nothing, and take so much stack:
 *     dogberry_matvec_i8_xtensa_s3 32 bytes, dogberry_matvec_i4_xtensa_s3 64 bytes.
 * They use the processor's coprocessor 3 (registers q0 to q7 and ACCX), which FreeRTOS in ESP-IDF saves when tasks
 * take turns, but which interrupt handlers must not touch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_XTENSA_S3_H
#define DOGBERRY_XTENSA_S3_H

#include <stdint.h>

void dogberry_matvec_i8_xtensa_s3(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x);
void dogberry_matvec_i4_xtensa_s3(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                                  uint32_t blocks, const int8_t *x);

#endif
