/*
 * What a sparse vector adds to its product with a matrix by column, on Armv6-M, eight rows at a time.
 *
 * int8: two words hold eight rows of a column. XORed with 0x80 in each byte, a byte is u = weight + 128. Wanted are the
 * sums S_r = sum of value * u_r. All arithmetic is modulo 2^32, and with rev16, which swaps the bytes of each half-word,
 *
 *   W = sum of value * w = S0 + 2^8 S1 + 2^16 S2 + 2^24 S3         R = sum of value * rev16(w) = S1 + 2^8 S0 + ...
 *   W - 2^8 R = S0 + 2^16 (S2 - S0)                                R - 2^8 W = S1 + 2^16 (S3 - S1)
 *
 * So the sums come out modulo 2^16, and are known as long as 255 * sum of values < 2^16. A *run* of terms goes as far
 * as their values add up to 257; what squared ReLU leaves is small, so runs are long.
 *
 * int4: one word holds eight rows, and nibbles are taken apart as in matvec_i4.S. Values being positive, the sums begin
 * at 0, and a run goes as far as 15 * sum of values < 2^16, 4369, and not beyond a group of 64 columns.
 *
 * In cycles of a Cortex-M0+ with the fast multiplier, for each term and eight rows: int8 24, int4 22 (counted from
 * the code); more for each run of eight rows, and 9 or 14 a term to
 * find the runs.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_columns_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#include "macros.h"

/* The frame, from sp on; 36 bytes of saved registers and then the arguments follow it. */
        .equ    SUMS, 0
        .equ    COLUMNS, 4
        .equ    SCALES, 8               /* int4 */
        .equ    STRIDE, 12
        .equ    OFFSET, 16              /* of the run: what its sums are too large by */
        .equ    RUN, 20                 /* its first term */
        .equ    BLOCK, 24               /* int8: the block's sums; int4: its scales */
        .equ    TERMS_END, 28
        .equ    SUMS_END, 32
        .equ    RUN_END, 36
        .equ    FRAME, 40
        .equ    ARGUMENTS, FRAME + 36

/* Four rows of a column: the word in \w, its value in r5; adds to \sum and, swapped, to \swapped. r2 is scratch. */
        .macro  four_rows w, sum, swapped
        eors    \w, \w, r3
        rev16   r2, \w
        muls    \w, r5, \w
        add     \sum, \w
        muls    r2, r5, r2
        add     \swapped, r2
        .endm

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_add_columns_armv6m
        .type   dogberry_add_columns_armv6m, %function
        .thumb_func
/* r0 = sums, r1 = columns, r2 = group_scales or NULL, r3 = stride; on the stack: blocks, terms, count. */
dogberry_add_columns_armv6m:
        enter
        sub     sp, #FRAME
        str     r0, [sp, #SUMS]
        str     r1, [sp, #COLUMNS]
        str     r2, [sp, #SCALES]
        str     r3, [sp, #STRIDE]
        ldr     r3, [sp, #ARGUMENTS]
        lsls    r3, r3, #5
        adds    r3, r3, r0
        str     r3, [sp, #SUMS_END]
        ldr     r1, [sp, #ARGUMENTS + 4]
        str     r1, [sp, #RUN]
        ldr     r2, [sp, #ARGUMENTS + 8]
        lsls    r2, r2, #2
        adds    r2, r2, r1
        str     r2, [sp, #TERMS_END]
        ldr     r2, [sp, #SCALES]
        cmp     r2, #0
        beq     .Lrun_i8

/* The next run: r2 = the sum of its values, at most r7; r1 = its end; r6 = the number of its group. */
.Lrun_i4:
        ldr     r1, [sp, #RUN]
        ldr     r3, [sp, #TERMS_END]
        cmp     r1, r3
        beq     .Lfinish
        ldr     r7, =4369
        movs    r2, #0
        ldr     r6, [r1]
        lsrs    r6, r6, #8 + 6
1:
        ldr     r4, [r1]
        lsrs    r5, r4, #8 + 6
        cmp     r5, r6
        bne     3f
        uxtb    r4, r4
        adds    r2, r2, r4
        cmp     r2, r7
        bhi     2f
        adds    r1, #4
        cmp     r1, r3
        bne     1b
        b       3f
2:
        subs    r2, r2, r4              /* one too many; a value alone never is */
3:
        str     r1, [sp, #RUN_END]
        lsls    r2, r2, #3
        rsbs    r2, r2, #0              /* -8 * sum */
        str     r2, [sp, #OFFSET]
        ldr     r0, [sp, #COLUMNS]
        mov     r12, r0
        ldr     r0, [sp, #SCALES]
        ldr     r3, [sp, #STRIDE]
        muls    r6, r3, r6
        lsls    r6, r6, #1
        adds    r0, r0, r6
        str     r0, [sp, #BLOCK]        /* the group's scales */
        ldr     r6, [sp, #SUMS]

/* A run of one block. r6 = sums, r12 = columns. */
.Lblock_i4:
        bl      .Lbegin_block
        ldr     r3, =0x0F0F0F0F
        mov     r7, r12
.Lterm_i4:
        ldmia   r1!, {r4}
        uxtb    r5, r4
        lsrs    r4, r4, #8
        muls    r4, r0, r4
        ldr     r4, [r4, r7]
        rev16   r2, r4
        muls    r2, r5, r2
        add     r9, r2                  /* R */
        lsrs    r2, r4, #4
        ands    r2, r2, r3
        muls    r4, r5, r4
        add     r8, r4                  /* W */
        rev16   r4, r2
        muls    r4, r5, r4
        add     r11, r4                 /* P */
        muls    r2, r5, r2
        add     r10, r2                 /* O */
        cmp     r1, lr
        bne     .Lterm_i4

        mov     r4, r10
        mov     r5, r11
        mov     r3, r8
        mov     r7, r9
        lsls    r1, r4, #4
        subs    r3, r3, r1              /* E = W - 16 O */
        lsls    r1, r5, #4
        subs    r7, r7, r1              /* F = R - 16 P */
        lsls    r1, r5, #8
        subs    r1, r4, r1              /* O - 2^8 P: rows 1 and 5 */
        lsls    r4, r4, #8
        subs    r5, r5, r4              /* P - 2^8 O: rows 3 and 7 */
        lsls    r4, r7, #8
        subs    r4, r3, r4              /* E - 2^8 F: rows 0 and 4 */
        lsls    r3, r3, #8
        subs    r7, r7, r3              /* F - 2^8 E: rows 2 and 6 */
        ldr     r2, [sp, #OFFSET]
        mov     r8, r2
        ldr     r3, [sp, #BLOCK]
        bl      .Lput_two
        mov     r4, r1
        bl      .Lput_two
        mov     r4, r7
        bl      .Lput_two
        mov     r4, r5
        bl      .Lput_two
        adds    r3, #4
        str     r3, [sp, #BLOCK]
        movs    r0, #4
        add     r12, r0
        adds    r6, #16
        ldr     r0, [sp, #SUMS_END]
        cmp     r6, r0
        bne     .Lblock_i4
        ldr     r0, [sp, #RUN_END]
        str     r0, [sp, #RUN]
        b       .Lrun_i4

.Lfinish:
        add     sp, #FRAME
        leave

/* The next run, as above; groups do not matter. */
.Lrun_i8:
        ldr     r1, [sp, #RUN]
        ldr     r3, [sp, #TERMS_END]
        cmp     r1, r3
        beq     .Lfinish
        movs    r7, #255
        adds    r7, #2                  /* 257 */
        movs    r2, #0
1:
        ldmia   r1!, {r4}
        uxtb    r4, r4
        adds    r2, r2, r4
        cmp     r2, r7
        bhi     2f
        cmp     r1, r3
        bne     1b
        b       3f
2:
        subs    r2, r2, r4
        subs    r1, #4
3:
        str     r1, [sp, #RUN_END]
        lsls    r2, r2, #7
        rsbs    r2, r2, #0              /* -128 * sum */
        str     r2, [sp, #OFFSET]
        ldr     r0, [sp, #COLUMNS]
        mov     r12, r0
        ldr     r1, [sp, #SUMS]

/* A run of eight rows. r1 = sums, r12 = columns. */
.Lblock_i8:
        str     r1, [sp, #BLOCK]
        bl      .Lbegin_block
        ldr     r3, =0x80808080
.Lterm_i8:
        ldmia   r1!, {r4}
        uxtb    r5, r4
        lsrs    r4, r4, #8
        muls    r4, r0, r4
        add     r4, r12
        ldmia   r4!, {r6, r7}
        four_rows r6, r8, r9
        four_rows r7, r10, r11
        cmp     r1, lr
        bne     .Lterm_i8

        ldr     r0, [sp, #BLOCK]
        ldr     r4, [sp, #OFFSET]
        bl      .Lput_four
        mov     r8, r10
        mov     r9, r11
        bl      .Lput_four
        mov     r1, r0
        movs    r0, #8
        add     r12, r0
        ldr     r0, [sp, #SUMS_END]
        cmp     r1, r0
        bne     .Lblock_i8
        ldr     r0, [sp, #RUN_END]
        str     r0, [sp, #RUN]
        b       .Lrun_i8

/* r8 to r11 = 0, r0 = the stride, r1 = the run, lr = its end. */
.Lbegin_block:
        mov     r2, lr
        movs    r1, #0
        mov     r8, r1
        mov     r9, r1
        mov     r10, r1
        mov     r11, r1
        ldr     r0, [sp, #RUN_END]
        mov     lr, r0
        ldr     r0, [sp, #STRIDE]
        ldr     r1, [sp, #RUN]
        bx      r2

/* The sums at r0 += four of the run, from W in r8 and R in r9; r4 = OFFSET. r0 goes on; r1 to r3 and r5 to r7 are lost. */
.Lput_four:
        mov     r1, r8
        mov     r2, r9
        lsls    r3, r2, #8
        subs    r3, r1, r3              /* S0, S2 */
        lsls    r1, r1, #8
        subs    r1, r2, r1              /* S1, S3 */
        uxth    r2, r3
        lsrs    r3, r3, #16
        adds    r3, r3, r2
        uxth    r3, r3
        adds    r2, r2, r4
        adds    r3, r3, r4
        ldr     r5, [r0, #0]
        adds    r5, r5, r2
        ldr     r7, [r0, #8]
        adds    r7, r7, r3
        uxth    r2, r1
        lsrs    r1, r1, #16
        adds    r1, r1, r2
        uxth    r1, r1
        adds    r2, r2, r4
        adds    r1, r1, r4
        ldr     r6, [r0, #4]
        adds    r6, r6, r2
        ldr     r2, [r0, #12]
        adds    r2, r2, r1
        str     r2, [r0, #12]
        stmia   r0!, {r5-r7}
        adds    r0, #4
        bx      lr

/* The sums at r6 += rows k and k + 4 of the run, from r4 = S_k + 2^16 (S_k+4 - S_k); r3 = their scales, r8 = OFFSET.
 * r3 and r6 go on by a row; r0, r2 and r4 are lost. */
.Lput_two:
        uxth    r2, r4
        lsrs    r4, r4, #16
        adds    r4, r4, r2
        uxth    r4, r4
        add     r2, r8
        ldrb    r0, [r3, #0]
        muls    r2, r0, r2
        ldr     r0, [r6, #0]
        adds    r2, r2, r0
        ldrb    r0, [r3, #4]
        add     r4, r8
        muls    r4, r0, r4
        ldr     r0, [r6, #16]
        adds    r4, r4, r0
        str     r4, [r6, #16]
        stmia   r6!, {r2}
        adds    r3, #1
        bx      lr

        .ltorg
        .size   dogberry_add_columns_armv6m, . - dogberry_add_columns_armv6m
#endif
