/*
 * int8 matrix times int8 vector on Armv6-M where rows have 16 columns, as those of the smallest transformers: what
 * matvec_i8.S sets up for four rows at a time would take as long there as the products.
 *
 * Arithmetic and names are those of matvec_i8.S. A *pass* adds the products of one word of all rows, narrow steps
 * only, and needs X, Y - 2^8 X, the mask and what its sums are too large by. Words whose x are all 0 have no pass. Few
 * words would be wide, |x0| + |x1| + |x2| + |x3| > 257; they have two passes, with 0 for x1 and x3, and for x0 and x2.
 *
 * In cycles of a Cortex-M0+ with the fast multiplier, counted from the code: 13 a row and pass, for later passes 15;
 * some 75 a pass, some 60 a call. Longer rows take 10 more a call.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_matvec_i8_short_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#include "macros.h"

        .equ    STRIDE, 16
        .equ    FRAME, 8 * 20           /* all passes there may be; 36 bytes of saved registers and then x follow it */
        .equ    X_ARGUMENT, FRAME + 36
        .equ    FIRST_BYTES, 20         /* of the code for a row in a first pass */
        .equ    LATER_BYTES, 24

/* r4 = the word \at of a row times x. r0 = the row, r5 = X, r6 = Y - 2^8 X, r7 = the mask, r3 = M, r8 = the offset. */
        .macro  dot at
        narrow_word \at
        add     r4, r8
        .endm

        .macro  first_row at
        dot     \at
        stmia   r1!, {r4}
        .endm

        .macro  later_row at
        dot     \at
        ldr     r2, [r1]
        adds    r4, r4, r2
        stmia   r1!, {r4}
        .endm

/* Begins the pass at r2, where fewer than four rows come first. */
        .macro  begin_pass code, bytes
        ldmia   r2!, {r0, r4-r7}
        mov     r9, r2
        mov     r8, r4
        mov     r1, r11
        mov     r4, lr
        movs    r2, #\bytes
        muls    r4, r2, r4
        adr     r2, \code
        adds    r2, r2, r4
        mov     pc, r2
        .endm

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_matvec_i8_short_armv6m
        .type   dogberry_matvec_i8_short_armv6m, %function
        .thumb_func
/* r0 = out, r1 = weights, r2 = stride, r3 = rows; on the stack: x. */
dogberry_matvec_i8_short_armv6m:
        cmp     r2, #STRIDE
        beq     1f
        push    {r0}
        ldr     r0, =dogberry_matvec_i8_armv6m
        mov     r12, r0
        pop     {r0}
        bx      r12
1:
        enter
        sub     sp, #FRAME
        mov     r11, r0
        mov     r10, sp                 /* the end of the passes */
        lsls    r4, r3, #2
        beq     .Lfinish
        adds    r4, r4, r0
        mov     r12, r4                 /* the end of out */
        rsbs    r3, r3, #0
        movs    r4, #3
        ands    r3, r3, r4
        mov     lr, r3                  /* rows that are missing in the first four */
        lsls    r3, r3, #4
        subs    r0, r1, r3              /* the first of the four */
        ldr     r1, [sp, #X_ARGUMENT]
        movs    r4, #STRIDE
        adds    r4, r4, r1
        mov     r9, r4                  /* the end of x; later, the next pass */
        ldr     r3, =0x00FF00FF
        ldr     r6, =0x01010101
        ldmia   r1!, {r4}
        b       .Lword                  /* the first word has a pass, which sets out */

.Lfinish:
        add     sp, #FRAME
        leave

/* A pass for the word r4 of x, or two. r0 = the word of the first row, r1 = the next word of x, r3 = M. */
.Lnext_word:
        adds    r0, #4
        ldmia   r1!, {r4}
        cmp     r4, #0
        beq     .Lword_done
.Lword:
        sizes
        lsls    r7, r6, #7
        eors    r7, r7, r2              /* the mask */
        ands    r2, r2, r4
        lsrs    r5, r2, #8
        ands    r2, r2, r3
        ands    r5, r5, r3
        adds    r2, r2, r5              /* sums of negative |x| in two half-words */
        mov     r8, r2
        lsrs    r5, r4, #8
        ands    r5, r5, r3              /* |x1|, |x3| */
        ands    r4, r4, r3              /* |x0|, |x2| */
        adds    r2, r4, r5
        lsls    r2, r2, #7
        mov     r6, r8
        subs    r2, r2, r6              /* 128 |x|, 127 |x| where x < 0: in two half-words, and in one */
        uxth    r6, r2
        lsrs    r2, r2, #16
        adds    r2, r2, r6
        movs    r6, #255
        lsls    r6, r6, #7
        cmp     r2, r6                  /* below 127 * 257 + 1 it is surely narrow */
        bhs     .Lwide
.Lnarrow:
        movs    r6, #16
        rors    r5, r5, r6              /* Y */
        rors    r4, r4, r6              /* X */
        lsls    r6, r4, #8
        subs    r6, r5, r6
        mov     r5, r4
        rsbs    r4, r2, #0
        mov     r2, r10
        stmia   r2!, {r0, r4-r7}
        mov     r10, r2
        ldr     r6, =0x01010101
.Lword_done:
        cmp     r1, r9
        bne     .Lnext_word

        mov     r2, sp
        begin_pass .Lfirst_rows, FIRST_BYTES

/* The pass with 0 for x1 and x3, and what is left of the word. */
.Lwide:
        mov     r8, r5
        movs    r6, #16
        rors    r4, r4, r6
        mov     r5, r4
        lsls    r6, r4, #8
        rsbs    r6, r6, #0
        rsbs    r4, r2, #0
        mov     r2, r10
        stmia   r2!, {r0, r4-r7}
        mov     r10, r2
        mov     r5, r8
        movs    r4, #0
        movs    r2, #0
        b       .Lnarrow

        .balign 4
.Lfirst_rows:
        first_row 0
        first_row STRIDE
        first_row 2 * STRIDE
        first_row 3 * STRIDE
        adds    r0, #4 * STRIDE
        cmp     r1, r12
        bne     .Lfirst_rows
.Lnext_pass:
        mov     r2, r9
        cmp     r2, r10
        beq     .Lfinish
        begin_pass .Llater_rows, LATER_BYTES
        .balign 4
.Llater_rows:
        later_row 0
        later_row STRIDE
        later_row 2 * STRIDE
        later_row 3 * STRIDE
        adds    r0, #4 * STRIDE
        cmp     r1, r12
        bne     .Llater_rows
        b       .Lnext_pass
        .ltorg
        .size   dogberry_matvec_i8_short_armv6m, . - dogberry_matvec_i8_short_armv6m
#endif
