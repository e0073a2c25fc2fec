/*
 * int8 matrix times int8 vector on the ESP32-S3, a row after the other, 16 columns an instruction.
 *
 * The instructions ee.* are the chip's "Processor Instruction Extensions": ESP32-S3 Technical Reference Manual, chapter
 * 1; what each does is in 1.8, their timing in 1.7.
 *
 * A row is n = stride / 16 pieces of 16 columns. ee.vmulas.s8.accx adds the 16 products of two registers to ACCX; with
 * .ld.ip it also loads a register, after it has read it. Two pieces are on their way at a time, weights in q0 and q2, x in
 * q1 and q3, so that none is used by the instruction behind its load (1.7.1: that would cost a cycle). The last piece
 * is multiplied behind the loop: every byte is loaded once, and none behind the weights or x.
 *
 * ACCX has 40 bits and saturates. It cannot come to that: |sum| <= 65520 * 2^14 < 2^30, partial sums included. Its
 * low 32 bits are the sum.
 *
 * Instructions a row: 2 n + 11.
 *
 * SPDX-License-Identifier: MIT
 */
#include "target.h"

#if defined(DOGBERRY_XTENSA_S3)
        .text
        .align  4
        .global dogberry_matvec_i8_xtensa_s3
        .type   dogberry_matvec_i8_xtensa_s3, @function
/* a2 = out, a3 = weights, a4 = stride, a5 = rows, a6 = x. */
dogberry_matvec_i8_xtensa_s3:
        entry   a1, 32
        beqz    a5, .Li8_return
        srli    a4, a4, 4
        addi    a4, a4, -1
        srli    a7, a4, 1               /* pairs of pieces before the last one */
        extui   a8, a4, 0, 1            /* whether there is one more before them */
        addi    a2, a2, -4
.Li8_row:
        mov     a9, a6
        ee.vld.128.ip   q0, a3, 16
        ee.vld.128.ip   q1, a9, 16
        ee.zero.accx
        beqz    a8, .Li8_loop
        ee.vmulas.s8.accx.ld.ip q0, a3, 16, q0, q1
        ee.vld.128.ip   q1, a9, 16
.Li8_loop:
        loopnez a7, .Li8_last
        ee.vld.128.ip   q3, a9, 16
        ee.vmulas.s8.accx.ld.ip q2, a3, 16, q0, q1
        ee.vld.128.ip   q1, a9, 16
        ee.vmulas.s8.accx.ld.ip q0, a3, 16, q2, q3
.Li8_last:
        addi    a5, a5, -1
        ee.vmulas.s8.accx       q0, q1
        addi    a2, a2, 4
        rur.accx_0      a10
        s32i    a10, a2, 0
        bnez    a5, .Li8_row
.Li8_return:
        retw.n
        .size   dogberry_matvec_i8_xtensa_s3, . - dogberry_matvec_i8_xtensa_s3
#endif
