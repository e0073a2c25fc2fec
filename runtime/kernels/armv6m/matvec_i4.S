/*
 * int4 matrix times int8 vector on Armv6-M, eight rows at a time.
 *
 * A word w holds one column: nibbles n0..n7, row k's at bit 4k. Wanted are the eight sums S_k = sum of x * n_k.
 * All arithmetic is modulo 2^32, where sums may be taken apart after they were added up:
 *
 *   o = (w >> 4) & 0x0F0F0F0F holds n1, n3, n5, n7 in its bytes; rev16 swaps the bytes of each half-word.
 *   W  = sum of x * w           R  = sum of x * rev16(w)         four products a column
 *   O  = sum of x * o           P  = sum of x * rev16(o)         and no mask but one
 *
 *   w = e + 16 o, so E = W - 16 O and F = R - 16 P are the same sums for e, which holds n0, n2, n4, n6.
 *   With E = S0 + 2^8 S2 + 2^16 S4 + 2^24 S6 and F = S2 + 2^8 S0 + 2^16 S6 + 2^24 S4:
 *   E - 2^8 F = S0 + 2^16 (S4 - S0)      F - 2^8 E = S2 + 2^16 (S6 - S2)      likewise O, P: S1, S5 and S3, S7
 *
 * So S_k comes out modulo 2^16, and is known if it lies in a range that long. Its range is 15 * sum of |x|; adding
 * 15 N, N = sum of |x| over the negative x, to each S_k makes it 0..15 * sum of |x|. That is how W, R, O, P start:
 * at -N, -N, 0x0F0F0F0F N, 0x0F0F0F0F N. A *run* of columns goes as far as a group (64) does if 15 * sum of |x| < 2^16
 * there, which holds for an average |x| of up to 68; else it has 32 columns, where 15 * 32 * 128 < 2^16 always holds.
 * Last, nibbles are weights + 8: out_k += z_k * (S_k - 15 N - 8 * sum of x).
 *
 * All blocks do one run after the other: x is spread to words on the stack once a run, not once a block. In cycles of
 * a Cortex-M0+ with the fast multiplier: 12 of arithmetic and 3 of loads for each column of 8 weights; about 160
 * for each run of a block. Where the last eight columns have x = 0, as where rows are padded, they are left out.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_matvec_i4_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#include "macros.h"

/* The frame, from sp on; 36 bytes of saved registers and then the arguments follow it. */
        .equ    X, 0            /* 64 words: the run's x */
        .equ    OUT, 256        /* out of the block at work */
        .equ    OUT_END, 260
        .equ    N, 264          /* -N of the run: where W and R start */
        .equ    N_ODD, 268      /* 0x0F0F0F0F N: where O and P start */
        .equ    OFFSET, 272     /* -(15 N + 8 * sum of x) */
        .equ    WEIGHTS, 276    /* of the run's first column, first block */
        .equ    W_STEP, 280     /* bytes from the end of a block's run to that of the next block */
        .equ    SCALES, 284     /* of the run's group, first block */
        .equ    Z_STEP, 288     /* bytes from a block's scales to the next one's */
        .equ    X_NEXT, 292     /* x that is not done yet */
        .equ    X_END, 296
        .equ    GROUP_END, 300  /* where in x the run's group ends */
        .equ    STRIDE, 304     /* bytes of a block */
        .equ    COLUMNS, 308    /* the address of the code that begins a block's run */
        .equ    FRAME, 312
        .equ    SAVED, 36
        .equ    BLOCKS, FRAME + SAVED
        .equ    X_ARGUMENT, FRAME + SAVED + 4
        .equ    EIGHT_BYTES, 208 /* of the code for eight columns */
        .equ    MOST_X, 4369    /* 15 * 4369 = 65535 */

/* One column: w in \w, which is lost, its x in \x. r2 is scratch, r3 the mask. r8 = W, r9 = R, r10 = O, r11 = P. */
        .macro  column w, x
        rev16   r2, \w
        muls    r2, \x, r2
        add     r9, r2
        lsrs    r2, \w, #4
        ands    r2, r2, r3
        muls    \w, \x, \w
        add     r8, \w
        rev16   \w, r2
        muls    \w, \x, \w
        add     r11, \w
        muls    r2, \x, r2
        add     r10, r2
        .endm

        .macro  eight_columns
        .rept   4
        ldmia   r0!, {r4, r5}
        ldmia   r1!, {r6, r7}
        column  r4, r6
        column  r5, r7
        .endr
        .endm

/* Rows \k and \k + 4 from \v = S_k + 2^16 (S_k+4 - S_k), which is lost. r3 = their block's scales, r6 = its out,
 * r8 = OFFSET; r0 and r2 are scratch. */
        .macro  rows k, v
        uxth    r2, \v          /* S_k */
        lsrs    \v, \v, #16
        adds    \v, \v, r2
        uxth    \v, \v          /* S_k+4 */
        add     r2, r8
        ldrb    r0, [r3, #\k]
        muls    r2, r0, r2
        ldr     r0, [r6, #4 * \k]
        adds    r2, r2, r0
        str     r2, [r6, #4 * \k]
        add     \v, r8
        ldrb    r0, [r3, #\k + 4]
        muls    \v, r0, \v
        ldr     r0, [r6, #4 * \k + 16]
        adds    \v, \v, r0
        str     \v, [r6, #4 * \k + 16]
        .endm

/* One x, in \x, which is lost: r2 = sum of x, r12 = sum of negative x. r3 is scratch. */
        .macro  count_x x
        adds    r2, r2, \x
        asrs    r3, \x, #31
        ands    \x, \x, r3
        add     r12, \x
        .endm

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_matvec_i4_armv6m
        .type   dogberry_matvec_i4_armv6m, %function
        .thumb_func
/* r0 = out, r1 = weights, r2 = group_scales, r3 = columns; on the stack: blocks, x. */
dogberry_matvec_i4_armv6m:
        enter
        sub     sp, #FRAME
        str     r0, [sp, #OUT]
        str     r1, [sp, #WEIGHTS]
        str     r2, [sp, #SCALES]
        lsls    r4, r3, #2
        str     r4, [sp, #STRIDE]
        ldr     r5, [sp, #X_ARGUMENT]
        str     r5, [sp, #X_NEXT]
        adds    r5, r5, r3
        subs    r5, #8
        ldmia   r5!, {r6, r7}
        orrs    r6, r6, r7
        bne     1f
        subs    r5, #8                  /* eight columns of padding, as far as x tells */
1:
        str     r5, [sp, #X_END]
        adds    r3, #63
        lsrs    r3, r3, #6
        lsls    r3, r3, #3
        str     r3, [sp, #Z_STEP]

        ldr     r1, [sp, #BLOCKS]       /* out = 0 */
        lsls    r1, r1, #5
        beq     .Lfinish
        adds    r1, r0, r1
        str     r1, [sp, #OUT_END]
        movs    r4, #0
        movs    r5, #0
        movs    r6, #0
        movs    r7, #0
.Lclear:
        stmia   r0!, {r4-r7}
        stmia   r0!, {r4-r7}
        cmp     r0, r1
        bne     .Lclear
        b       .Lgroup

.Lfinish:
        add     sp, #FRAME
        leave

.Lgroup:
        ldr     r1, [sp, #X_NEXT]
        ldr     r2, [sp, #X_END]
        cmp     r1, r2
        beq     .Lfinish
        mov     r3, r1                  /* GROUP_END = min(X_NEXT + 64, X_END) */
        adds    r3, #64
        cmp     r3, r2
        bls     1f
        mov     r3, r2
1:
        str     r3, [sp, #GROUP_END]

.Lrun:
        ldr     r4, [sp, #GROUP_END]
.Lspread:
        mov     lr, r4                  /* the run: x from X_NEXT to lr */
        ldr     r1, [sp, #X_NEXT]
        mov     r0, sp
        movs    r2, #0
        mov     r12, r2
2:
        ldmia   r1!, {r7}
        sxtb    r4, r7
        lsrs    r5, r7, #8
        sxtb    r5, r5
        lsrs    r6, r7, #16
        sxtb    r6, r6
        asrs    r7, r7, #24
        stmia   r0!, {r4-r7}
        count_x r4
        count_x r5
        count_x r6
        count_x r7
        cmp     r1, lr
        bne     2b
        mov     r3, r12                 /* -N; the sum of |x| is r2 + 2 N */
        lsls    r4, r3, #1
        subs    r4, r2, r4
        ldr     r5, =MOST_X
        cmp     r4, r5
        bls     3f
        ldr     r4, [sp, #X_NEXT]       /* too much for one run: 32 columns, which never are */
        adds    r4, #32
        b       .Lspread

3:
        str     r3, [sp, #N]
        ldr     r4, =0x0F0F0F0F
        muls    r4, r3, r4
        rsbs    r4, r4, #0
        str     r4, [sp, #N_ODD]
        lsls    r4, r3, #4              /* -(15 N + 8 sum of x) */
        subs    r4, r4, r3
        lsls    r2, r2, #3
        subs    r4, r4, r2
        str     r4, [sp, #OFFSET]
        ldr     r5, [sp, #X_NEXT]
        str     r1, [sp, #X_NEXT]
        subs    r5, r1, r5              /* columns of the run */
        lsls    r5, r5, #2
        adr     r4, .Lcolumns
        lsls    r6, r5, #26             /* is the number of columns 8 more than a multiple of 16? */
        bpl     4f
        adds    r4, #EIGHT_BYTES
4:
        str     r4, [sp, #COLUMNS]
        mov     lr, r0                  /* the end of the run's x, on the stack, for all blocks */
        ldr     r0, [sp, #WEIGHTS]
        adds    r4, r0, r5
        str     r4, [sp, #WEIGHTS]      /* for the next run */
        ldr     r4, [sp, #STRIDE]
        subs    r4, r4, r5
        str     r4, [sp, #W_STEP]
        ldr     r4, [sp, #SCALES]
        mov     r12, r4
        ldr     r6, [sp, #OUT_END]      /* OUT starts anew: OUT_END - 32 blocks */
        ldr     r4, [sp, #BLOCKS]
        lsls    r4, r4, #5
        subs    r6, r6, r4
        str     r6, [sp, #OUT]

/* A run of one block. r0 = weights, r12 = scales, lr = end of the run's x. */
.Lblock:
        ldr     r4, [sp, #N]
        mov     r8, r4
        mov     r9, r4
        ldr     r4, [sp, #N_ODD]
        mov     r10, r4
        mov     r11, r4
        ldr     r3, =0x0F0F0F0F
        mov     r1, sp
        ldr     r2, [sp, #COLUMNS]
        mov     pc, r2
        .balign 4
.Lcolumns:
        eight_columns
        eight_columns
        cmp     r1, lr
        beq     5f
        b       .Lcolumns
5:
        mov     r4, r10                 /* O */
        mov     r5, r11                 /* P */
        mov     r6, r8
        mov     r7, r9
        lsls    r1, r4, #4
        subs    r6, r6, r1              /* E = W - 16 O */
        lsls    r1, r5, #4
        subs    r7, r7, r1              /* F = R - 16 P */
        lsls    r1, r5, #8
        subs    r1, r4, r1              /* O - 2^8 P: rows 1 and 5 */
        lsls    r4, r4, #8
        subs    r5, r5, r4              /* P - 2^8 O: rows 3 and 7 */
        lsls    r4, r7, #8
        subs    r4, r6, r4              /* E - 2^8 F: rows 0 and 4 */
        lsls    r6, r6, #8
        subs    r7, r7, r6              /* F - 2^8 E: rows 2 and 6 */
        ldr     r2, [sp, #OFFSET]
        mov     r8, r2
        mov     r9, r0
        mov     r3, r12
        ldr     r6, [sp, #OUT]
        rows    0, r4
        rows    1, r1
        rows    2, r7
        rows    3, r5
        mov     r0, r9
        ldr     r2, [sp, #W_STEP]
        adds    r0, r0, r2
        ldr     r2, [sp, #Z_STEP]
        add     r12, r2
        adds    r6, #32
        str     r6, [sp, #OUT]
        ldr     r2, [sp, #OUT_END]
        cmp     r6, r2
        beq     6f
        b       .Lblock

6:
        ldr     r1, [sp, #X_NEXT]       /* the group's other run, or the next group */
        ldr     r2, [sp, #GROUP_END]
        cmp     r1, r2
        beq     7f
        b       .Lrun
7:
        ldr     r1, [sp, #SCALES]
        adds    r1, #8
        str     r1, [sp, #SCALES]
        b       .Lgroup

        .ltorg
        .size   dogberry_matvec_i4_armv6m, . - dogberry_matvec_i4_armv6m
#endif
