/*
 * int4 matrix times int8 vector on the ESP32-S3, a block of eight rows and 16 columns at a time.
 *
 * The instructions ee.* are the chip's "Processor Instruction Extensions": ESP32-S3 Technical Reference Manual, chapter
 * 1; what each does is in 1.8, their timing in 1.7.
 *
 * 16 columns of a block are 64 bytes: four registers of four columns, a column being the bytes b0 b1 b2 b3 with rows 2j
 * and 2j + 1 in the low and the high nibble of bj. Four ee.vunzip.8 (even bytes of two registers into the first, odd ones
 * into the second) bring the sixteen b0 into q0, b1 into q1, b2 into q2 and b3 into q3. A nibble is w + 8. With bit 7 of
 * every byte turned over (ee.xorq), a byte is 16 w(2j+1) + n(2j) as a signed number, n = w + 8 being 0..15, so
 *
 *   H = sum of x * byte            = 16 S(2j+1) + L     L = sum of x * (byte & 15)     X = sum of x
 *   S(2j+1) = (H - L) / 16, exactly                     S(2j) = L - 8 X
 *
 * H, L and X are each one ee.vmulas.s8.accx a piece, added up in address registers over a group (64 columns at most),
 * whose eight sums S are multiplied by their scales and added to out as ref does. Nothing saturates: |ACCX| <= 16 * 2^14,
 * a group's |H| <= 64 * 2^14, and so on down; ACCX has 40 bits, the others 32.
 *
 * Instructions: 53 for each 16 columns of a block (128 weights), 77 for each group (512 weights), 18 for each block.
 *
 * SPDX-License-Identifier: MIT
 */
#include "target.h"

#if defined(DOGBERRY_XTENSA_S3)
/* The frame. */
        .equ    X, 0
        .equ    COLUMNS, 4
        .equ    BLOCKS, 8               /* not done yet */
        .equ    LEFT, 12                /* columns of the block not done yet */
        .equ    BYTES, 16               /* constants on their way to registers */
        .equ    FRAME, 64               /* the upper 32 bytes belong to the calling convention */

/* \q = sixteen times the byte \value. a8 and a9 are lost. */
        .macro  everywhere q, value, at
        movi    a8, \value
        s8i     a8, a1, \at
        addi    a9, a1, \at
        ee.vldbc.8      \q, a9
        .endm

/* The two rows of the bytes in \q, which are lost: adds H to \high and L to \low. q4 = x, q6 = 15. a6 is scratch. */
        .macro  two_rows q, low, high
        ee.zero.accx
        ee.vmulas.s8.accx       q4, \q
        ee.andq \q, \q, q6
        rur.accx_0      a6
        ee.zero.accx
        ee.vmulas.s8.accx       q4, \q
        add     \high, \high, a6
        rur.accx_0      a6
        add     \low, \low, a6
        .endm

/* S of two rows from \low = L and \high = H. a5 = 8 X. */
        .macro  sums low, high
        sub     \high, \high, \low
        srai    \high, \high, 4
        sub     \low, \low, a5
        .endm

/* Multiplies the S of rows \row and \row + 1 by their scales. a5 and a6 are lost. */
        .macro  scale row, low, high
        l8ui    a5, a4, \row
        l8ui    a6, a4, \row + 1
        mull    \low, \low, a5
        mull    \high, \high, a6
        .endm

/* Adds them to out. a5 and a6 are lost. */
        .macro  put row, low, high
        l32i    a5, a2, 4 * \row
        l32i    a6, a2, 4 * \row + 4
        add     a5, a5, \low
        add     a6, a6, \high
        s32i    a5, a2, 4 * \row
        s32i    a6, a2, 4 * \row + 4
        .endm

        .text
        .align  4
        .global dogberry_matvec_i4_xtensa_s3
        .type   dogberry_matvec_i4_xtensa_s3, @function
/* a2 = out, a3 = weights, a4 = group_scales, a5 = columns, a6 = blocks, a7 = x. */
dogberry_matvec_i4_xtensa_s3:
        entry   a1, FRAME
        beqz    a6, .Li4_return
        s32i    a7, a1, X
        s32i    a5, a1, COLUMNS
        s32i    a6, a1, BLOCKS
        everywhere      q5, 128, BYTES
        everywhere      q6, 15, BYTES + 1
        everywhere      q7, 1, BYTES + 2

.Li4_block:
        l32i    a7, a1, X
        l32i    a5, a1, COLUMNS
        movi    a6, 0
        s32i    a6, a2, 0
        s32i    a6, a2, 4
        s32i    a6, a2, 8
        s32i    a6, a2, 12
        s32i    a6, a2, 16
        s32i    a6, a2, 20
        s32i    a6, a2, 24
        s32i    a6, a2, 28
.Li4_group:                             /* a5 = columns left */
        movi    a6, 64
        minu    a6, a6, a5
        sub     a5, a5, a6
        s32i    a5, a1, LEFT
        srli    a6, a6, 4
        movi    a5, 0                   /* X */
        movi    a8, 0                   /* L and H of rows 0 and 1, and so on */
        movi    a9, 0
        movi    a10, 0
        movi    a11, 0
        movi    a12, 0
        movi    a13, 0
        movi    a14, 0
        movi    a15, 0
        loopnez a6, .Li4_columns_done
        ee.vld.128.ip   q4, a7, 16
        ee.vld.128.ip   q0, a3, 16
        ee.vld.128.ip   q1, a3, 16
        ee.vld.128.ip   q2, a3, 16
        ee.vld.128.ip   q3, a3, 16
        ee.zero.accx
        ee.vmulas.s8.accx       q4, q7
        ee.xorq q0, q0, q5
        rur.accx_0      a6
        ee.xorq q1, q1, q5
        ee.xorq q2, q2, q5
        ee.xorq q3, q3, q5
        ee.vunzip.8     q0, q1
        ee.vunzip.8     q2, q3
        ee.vunzip.8     q0, q2
        ee.vunzip.8     q1, q3
        add     a5, a5, a6
        two_rows        q0, a8, a9
        two_rows        q1, a10, a11
        two_rows        q2, a12, a13
        two_rows        q3, a14, a15
.Li4_columns_done:
        slli    a5, a5, 3
        sums    a8, a9
        sums    a10, a11
        sums    a12, a13
        sums    a14, a15
        scale   0, a8, a9
        scale   2, a10, a11
        scale   4, a12, a13
        scale   6, a14, a15
        put     0, a8, a9
        put     2, a10, a11
        put     4, a12, a13
        put     6, a14, a15
        l32i    a5, a1, LEFT
        addi    a4, a4, 8
        bnez    a5, .Li4_group

        l32i    a6, a1, BLOCKS
        addi    a2, a2, 32
        addi    a6, a6, -1
        s32i    a6, a1, BLOCKS
        bnez    a6, .Li4_block
.Li4_return:
        retw.n
        .size   dogberry_matvec_i4_xtensa_s3, . - dogberry_matvec_i4_xtensa_s3
#endif
