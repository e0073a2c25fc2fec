/*
 * int8 matrix times int8 vector on Armv6-M, four rows at a time.
 *
 * A word w holds four columns of a row. One multiplication gives the dot product of two columns: with unsigned
 * bytes u and non-negative x,
 *
 *   (u0 + 2^16 u2) * (x2 + 2^16 x0) = u0 x2 + 2^16 (u0 x0 + u2 x2)        modulo 2^32
 *
 * To get there, w is XORed with 0x80 in columns where x >= 0 (u = weight + 128) and with 0x7F where x < 0
 * (u = 127 - weight), and |x| takes the place of x: weight * x = u |x| - 128 |x|, or - 127 |x|. What is too much is the
 * same for all rows, OFFSET. With M = 0x00FF00FF, e = w & M, f = (w >> 8) & M and
 *
 *   X = |x2| + 2^16 |x0|        Y = |x3| + 2^16 |x1|
 *
 * a word comes to e X + f Y, of which the upper half is wanted. The lower half, u0 |x2| + u1 |x3| <= 255 * 256, never
 * carries. The upper half of one product is at most 255 * 256 as well, so *wide* steps shift both products down and
 * add them then. Where |x0| + |x1| + |x2| + |x3| <= 257, the sum of both is below 255 * 257 + 1 = 2^16, and *narrow*
 * steps add before they shift. As w = e + 2^8 f, they need no e either: e X + f Y = w X + f (Y - 2^8 X).
 *
 * x is turned into a stream of X, Y and the XOR mask once for all rows, 128 columns at a time. Each step of 16
 * columns begins with the address of its code, narrow or wide; the last address leads out. Where the last eight columns
 * of a chunk have x = 0, as where rows are padded, half a step is left out.
 *
 * In cycles of a Cortex-M0+ with the fast multiplier, for a word of four rows, 16 weights: 47 narrow, 55 wide; 5
 * for a step; about 35 for the first 128 columns of four rows, 45 for others. Rows behind the last four take 7 cycles a weight.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_matvec_i8_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#include "macros.h"

        .equ    CHUNK, 128      /* columns, at most */
        .equ    STEP, 52        /* bytes of the stream: an address, four times X, Y, mask */
        .equ    HALF, 4         /* bytes of code by which half a step begins before a step */

/* The frame, from sp on; 36 bytes of saved registers and then the argument x follow it. */
        .equ    STREAM, 0
        .equ    OUT, 420        /* out of the four rows at work */
        .equ    OUT_END, 424    /* behind the last four */
        .equ    OFFSET, 428     /* of the chunk, negative: where its sums begin */
        .equ    WEIGHTS, 432    /* of the chunk's first column, first row */
        .equ    W_STEP, 436     /* bytes from the end of the chunk in four rows to the next four */
        .equ    X_NEXT, 440     /* x that is not done yet */
        .equ    X_END, 444
        .equ    CHUNK_END, 448
        .equ    STRIDE, 452
        .equ    ROWS, 456
        .equ    FOUR_ROWS, 460  /* the address of the code that begins four rows */
        .equ    FRAME, 464
        .equ    X_ARGUMENT, FRAME + 36

/* The word at byte \at of a row: r0 = the row, r5 = X, r6 = Y - 2^8 X or Y, r7 = the XOR mask, r3 = M; adds to \sum.
 * r2 and r4 are scratch. */
        .macro  narrow at, sum
        narrow_word \at
        add     \sum, r4
        .endm

        .macro  wide at, sum
        ldr     r4, [r0, #\at]
        eors    r4, r4, r7
        lsrs    r2, r4, #8
        ands    r2, r2, r3
        ands    r4, r4, r3
        muls    r4, r5, r4
        muls    r2, r6, r2
        lsrs    r4, r4, #16
        add     \sum, r4
        lsrs    r2, r2, #16
        add     \sum, r2
        .endm

/* Two words of four rows: down the rows with the first, up with the second. r12 = stride, lr = -stride. */
        .macro  two_words kind, at
        ldmia   r1!, {r5-r7}
        \kind   \at, r8
        add     r0, r12
        \kind   \at, r9
        add     r0, r12
        \kind   \at, r10
        add     r0, r12
        \kind   \at, r11
        ldmia   r1!, {r5-r7}
        \kind   (\at + 4), r11
        add     r0, lr
        \kind   (\at + 4), r10
        add     r0, lr
        \kind   (\at + 4), r9
        add     r0, lr
        \kind   (\at + 4), r8
        .endm

/* Half of a step is its second half, 8 bytes further down. */
        .macro  step kind
.L\kind\()_half:
        subs    r0, #8
        b       .L\kind\()_second
.L\kind\()_step:
        two_words \kind, 0
.L\kind\()_second:
        two_words \kind, 8
        adds    r0, #16
        ldmia   r1!, {r2}
        mov     pc, r2
        .endm

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_matvec_i8_armv6m
        .type   dogberry_matvec_i8_armv6m, %function
        .thumb_func
/* r0 = out, r1 = weights, r2 = stride, r3 = rows; on the stack: x. */
dogberry_matvec_i8_armv6m:
        enter
        sub     sp, #FRAME
        str     r0, [sp, #OUT]
        str     r1, [sp, #WEIGHTS]
        str     r2, [sp, #STRIDE]
        str     r3, [sp, #ROWS]
        ldr     r4, [sp, #X_ARGUMENT]
        str     r4, [sp, #X_NEXT]
        adds    r4, r4, r2
        str     r4, [sp, #X_END]
        lsrs    r1, r3, #2
        lsls    r1, r1, #4              /* bytes of out, four rows at a time */
        adds    r1, r0, r1
        str     r1, [sp, #OUT_END]
        adr     r4, .Lfresh_rows
        str     r4, [sp, #FOUR_ROWS]
        lsrs    r3, r3, #2
        beq     .Lrest

.Lchunk:
        ldr     r1, [sp, #X_NEXT]
        ldr     r2, [sp, #X_END]
        cmp     r1, r2
        bne     .Lprepare
        ldr     r4, [sp, #STRIDE]       /* WEIGHTS went along a whole row */
        ldr     r1, [sp, #WEIGHTS]
        subs    r1, r1, r4
        str     r1, [sp, #WEIGHTS]

/* The rows that are left, one by one. */
.Lrest:
        ldr     r0, [sp, #OUT_END]
        ldr     r4, [sp, #STRIDE]
        ldr     r2, [sp, #ROWS]
        lsrs    r1, r2, #2
        lsls    r1, r1, #2
        subs    r2, r2, r1
        mov     r12, r2                 /* how many */
        muls    r1, r4, r1
        ldr     r2, [sp, #WEIGHTS]
        adds    r1, r1, r2
        ldr     r2, [sp, #X_ARGUMENT]
        adds    r2, r2, r4              /* the end of x; columns count from -stride up to 0 */
3:
        mov     r3, r12
        subs    r3, #1
        bmi     .Lfinish
        mov     r12, r3
        ldr     r3, [sp, #STRIDE]
        adds    r1, r1, r3
        rsbs    r3, r3, #0
        movs    r4, #0
4:
        .rept   4
        ldrsb   r5, [r1, r3]
        ldrsb   r6, [r2, r3]
        muls    r5, r6, r5
        adds    r4, r4, r5
        adds    r3, #1
        .endr
        bne     4b
        stmia   r0!, {r4}
        b       3b

.Lfinish:
        add     sp, #FRAME
        leave

/* The stream of a chunk. r0 = where it goes, r1 = x, r3 = M, r6 = 0x01010101, r7 = 16, r8 = 0x80808080, r9 = 257,
 * r10 = not 0 in a step that is wide, r11 = sums of |x| in two half-words, r12 = likewise of negative x only,
 * lr = the end of the step in the stream. */
.Lprepare:
        mov     r3, r1                  /* CHUNK_END = min(X_NEXT + CHUNK, X_END) */
        adds    r3, #CHUNK
        cmp     r3, r2
        bls     5f
        mov     r3, r2
5:
        str     r3, [sp, #CHUNK_END]
        mov     r0, sp
        ldr     r3, =0x00FF00FF
        ldr     r6, =0x01010101
        movs    r7, #16
        lsls    r4, r6, #7
        mov     r8, r4
        ldr     r4, =257
        mov     r9, r4
        movs    r4, #0
        mov     r11, r4
        mov     r12, r4
.Leach_step:
        movs    r4, #0
        mov     r10, r4
        movs    r5, #STEP
        ldr     r2, [sp, #CHUNK_END]
        subs    r2, #16
        cmp     r1, r2
        bne     5f
        ldr     r2, [r1, #8]            /* the last eight columns: all 0? */
        ldr     r4, [r1, #12]
        orrs    r4, r4, r2
        bne     5f
        movs    r5, #STEP - 24          /* then half a step will do */
5:
        adds    r5, r5, r0
        mov     lr, r5
        adds    r0, #4
.Leach_word:
        ldmia   r1!, {r4}
        sizes
        mov     r5, r8
        eors    r5, r5, r2
        str     r5, [r0, #8]            /* the mask */
        ands    r2, r2, r4
        lsrs    r5, r2, #8
        ands    r5, r5, r3
        ands    r2, r2, r3
        add     r12, r2
        add     r12, r5
        lsrs    r5, r4, #8
        ands    r5, r5, r3              /* |x1|, |x3| */
        ands    r4, r4, r3              /* |x0|, |x2| */
        adds    r2, r4, r5
        add     r11, r2
        rors    r4, r4, r7
        str     r4, [r0, #0]            /* X */
        rors    r5, r5, r7              /* Y */
        lsls    r4, r4, #8
        subs    r5, r5, r4
        str     r5, [r0, #4]            /* Y - 2^8 X */
        uxth    r4, r2
        lsrs    r2, r2, #16
        adds    r4, r4, r2
        cmp     r4, r9
        bls     6f
        mov     r10, r0
6:
        adds    r0, #12
        cmp     r0, lr
        bne     .Leach_word
        ldr     r5, [sp, #CHUNK_END]
        subs    r0, #STEP
        movs    r2, #3 * 12
        subs    r5, r5, r1
        cmp     r5, #8                  /* only half a step leaves so many columns */
        bne     6f
        adds    r0, #24
        movs    r2, #12
6:
        ldr     r4, =.Lnarrow_step
        mov     r5, r10
        cmp     r5, #0
        beq     8f
7:                                      /* wide: Y instead of Y - 2^8 X */
        adds    r4, r0, r2
        ldr     r5, [r4, #4]
        lsls    r5, r5, #8
        ldr     r4, [r4, #8]
        adds    r5, r5, r4
        adds    r4, r0, r2
        str     r5, [r4, #8]
        subs    r2, #12
        bpl     7b
        ldr     r4, =.Lwide_step
8:
        ldr     r5, [sp, #CHUNK_END]
        subs    r5, r5, r1
        cmp     r5, #8
        beq     9f
        str     r4, [r0]
        adds    r0, #STEP
        cmp     r5, #0
        bne     .Leach_step
        b       10f
9:
        adds    r1, #8
        subs    r4, #HALF
        str     r4, [r0]
        adds    r0, #STEP - 24
10:
        mov     r10, r5                 /* bytes that the last step does not go on by */
        adr     r4, .Lend_of_stream
        str     r4, [r0]

        mov     r4, r11                 /* OFFSET = 128 * sum of |x| - sum of negative |x| */
        uxth    r5, r4
        lsrs    r4, r4, #16
        adds    r4, r4, r5
        lsls    r4, r4, #7
        mov     r5, r12
        uxth    r6, r5
        lsrs    r5, r5, #16
        adds    r5, r5, r6
        subs    r5, r5, r4
        str     r5, [sp, #OFFSET]
        ldr     r4, [sp, #X_NEXT]
        str     r1, [sp, #X_NEXT]
        subs    r1, r1, r4              /* columns of the chunk */
        ldr     r0, [sp, #WEIGHTS]
        adds    r4, r0, r1
        str     r4, [sp, #WEIGHTS]      /* for the next chunk */
        ldr     r4, [sp, #STRIDE]
        mov     r12, r4
        rsbs    r5, r4, #0
        mov     lr, r5
        lsls    r4, r4, #2
        subs    r4, r4, r1
        add     r4, r10
        str     r4, [sp, #W_STEP]
        ldr     r4, [sp, #ROWS]         /* OUT starts anew */
        lsrs    r4, r4, #2
        lsls    r4, r4, #4
        ldr     r1, [sp, #OUT_END]
        subs    r1, r1, r4
        ldr     r2, [sp, #FOUR_ROWS]
        mov     pc, r2
        .ltorg

/* A chunk of four rows, the first one or a later one. r0 = weights, r1 = out, r3 = M, r12 = stride, lr = -stride. */
        .balign 4
.Lfresh_rows:
        str     r1, [sp, #OUT]
        ldr     r2, [sp, #OFFSET]
        mov     r8, r2
        mov     r9, r2
        mov     r10, r2
        mov     r11, r2
        b       11f
.Lmore_rows:
        str     r1, [sp, #OUT]
        ldmia   r1!, {r4-r7}
        ldr     r2, [sp, #OFFSET]
        adds    r4, r4, r2
        adds    r5, r5, r2
        adds    r6, r6, r2
        adds    r7, r7, r2
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
11:
        mov     r1, sp
        ldmia   r1!, {r2}
        mov     pc, r2

        step    narrow
        step    wide

        .balign 4
.Lend_of_stream:
        ldr     r1, [sp, #OUT]
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        stmia   r1!, {r4-r7}
        ldr     r2, [sp, #W_STEP]
        adds    r0, r0, r2
        ldr     r2, [sp, #OUT_END]
        cmp     r1, r2
        beq     12f
        ldr     r2, [sp, #FOUR_ROWS]
        mov     pc, r2
12:
        ldr     r1, [sp, #X_NEXT]       /* all columns, and no rows left? */
        ldr     r2, [sp, #X_END]
        subs    r1, r1, r2
        ldr     r2, [sp, #ROWS]
        lsls    r2, r2, #30
        orrs    r1, r2
        bne     13f
        b       .Lfinish
13:
        ldr     r2, =.Lmore_rows
        str     r2, [sp, #FOUR_ROWS]
        b       .Lchunk
        .ltorg
        .size   dogberry_matvec_i8_armv6m, . - dogberry_matvec_i8_armv6m
#endif
